"""Which key is chosen, for many configurations and environments, compared with botocore: credentials_oracle.py PROBE."""
import datetime, http.server, json, os, re, subprocess, sys, tempfile, threading, urllib.parse

try:
    import botocore.session, botocore.exceptions
except ImportError:
    print("skipped: botocore is not installed")
    sys.exit(77)

probe = sys.argv[1]
LATER = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


class World(http.server.BaseHTTPRequestHandler):
    """STS, a container's agent and instance metadata; a role's key tells who assumed it, with what."""
    def log_message(self, *_): pass

    def send(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def keys(self, name):
        self.send(json.dumps({"Code": "Success", "AccessKeyId": name, "SecretAccessKey": "s", "Token": "t", "Expiration": LATER}))

    def do_PUT(self):
        self.send("the-token" if self.path == "/latest/api/token" else "", 200 if self.path == "/latest/api/token" else 404)

    def do_GET(self):
        if self.path == "/agent":
            return self.keys("CONTAINER" + re.sub(r"\W", "", self.headers.get("Authorization", "")).upper())
        if self.headers.get("X-aws-ec2-metadata-token") != "the-token":
            return self.send("", 401)
        if self.path.endswith("/security-credentials/"):
            return self.send("the-role")
        if self.path.endswith("/security-credentials/the-role"):
            return self.keys("INSTANCE")
        self.send("", 404)

    def do_POST(self):
        form = {k: v[0] for k, v in urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        who = re.search(r"Credential=([^/]+)", self.headers.get("Authorization", "Credential=WEB/"))[1]
        action = form["Action"]
        name = "-".join([form["RoleArn"].split("/")[-1], form.get("ExternalId", ""), form.get("DurationSeconds", ""), form.get("WebIdentityToken", ""), "BY", who])
        self.send(f"<{action}Response><{action}Result><Credentials><AccessKeyId>{name}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                  f"<SessionToken>t</SessionToken><Expiration>{LATER}</Expiration></Credentials><AssumedRoleUser><Arn>a</Arn><AssumedRoleId>i</AssumedRoleId>"
                  f"</AssumedRoleUser></{action}Result></{action}Response>")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), World)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
folder = tempfile.mkdtemp(prefix="perch-aws-credentials-")
open(f"{folder}/token", "w").write("JWTX")
open(f"{folder}/auth", "w").write("from file")
open(f"{folder}/process", "w").write("#!/bin/sh\ncat <<X\n{\"Version\": ${2:-1}, \"AccessKeyId\": \"PROCESS$1\", \"SecretAccessKey\": \"s\"}\nX\n")
os.chmod(f"{folder}/process", 0o755)

R = "arn:aws:iam::123456789012:role/"
K = lambda n: f"aws_access_key_id = {n}\naws_secret_access_key = s\n"
# name: (config file, credentials file, environment); None for no file.
CASES = {
    "nothing": ("", "", {}),
    "no files": (None, None, {}),
    "environment": ("", "", {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}),
    "environment with a token": ("", "", {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}),
    "environment without the secret": ("", "[default]\n" + K("FILE"), {"AWS_ACCESS_KEY_ID": "ENV"}),
    "empty variables": ("", "[default]\n" + K("FILE"), {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}),
    "environment before files": ("[default]\n" + K("CONFIG"), "[default]\n" + K("FILE"), {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}),
    "credentials before config": ("[default]\n" + K("CONFIG"), "[default]\n" + K("FILE"), {}),
    "config alone": ("[default]\n" + K("CONFIG"), None, {}),
    "session token in the file": ("", "[default]\n" + K("FILE") + "aws_session_token = t\n", {}),
    "key without secret in the file": ("", "[default]\naws_access_key_id = FILE\n", {}),
    "secret without key in the file": ("", "[default]\naws_secret_access_key = FILE\n", {}),
    "AWS_PROFILE": ("[profile ci]\n" + K("CI"), "[default]\n" + K("FILE"), {"AWS_PROFILE": "ci"}),
    "AWS_DEFAULT_PROFILE": ("[profile ci]\n" + K("CI"), "", {"AWS_DEFAULT_PROFILE": "ci"}),
    "both profile variables": ("[profile a]\n" + K("A") + "[profile b]\n" + K("B"), "", {"AWS_DEFAULT_PROFILE": "a", "AWS_PROFILE": "b"}),
    "profile in credentials only": ("", "[ci]\n" + K("CI"), {"AWS_PROFILE": "ci"}),
    "profile without its word": ("[ci]\n" + K("CI"), "", {"AWS_PROFILE": "ci"}),
    "quoted profile": ('[profile "a b"]\n' + K("AB"), "", {"AWS_PROFILE": "a b"}),
    "no such profile": ("[profile a]\n" + K("A"), "", {"AWS_PROFILE": "nope"}),
    "no such profile, but keys in the environment": ("", "", {"AWS_PROFILE": "nope", "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}),
    "profile and keys in the environment": ("[profile a]\n" + K("A"), "", {"AWS_PROFILE": "a", "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}),
    "role": (f"[default]\nrole_arn = {R}r\nsource_profile = base\n", "[base]\n" + K("BASE"), {}),
    "role with all keys": (f"[default]\nrole_arn = {R}r\nsource_profile = base\nexternal_id = EXT\nduration_seconds = 1800\n", "[base]\n" + K("BASE"), {}),
    "role of a role": (f"[default]\nrole_arn = {R}r\nsource_profile = mid\n[profile mid]\nrole_arn = {R}m\nsource_profile = base\n", "[base]\n" + K("BASE"), {}),
    "role in a circle": (f"[profile a]\nrole_arn = {R}a\nsource_profile = b\n[profile b]\nrole_arn = {R}b\nsource_profile = a\n", "", {"AWS_PROFILE": "a"}),
    "role of itself": (f"[profile a]\nrole_arn = {R}a\nsource_profile = a\n" + K("SELF"), "", {"AWS_PROFILE": "a"}),
    "role of itself without keys": (f"[profile a]\nrole_arn = {R}a\nsource_profile = a\n", "", {"AWS_PROFILE": "a"}),
    "role whose source has keys and a role": (f"[profile a]\nrole_arn = {R}a\nsource_profile = b\n[profile b]\nrole_arn = {R}b\nsource_profile = a\n" + K("B"), "", {"AWS_PROFILE": "a"}),
    "role without a source": (f"[default]\nrole_arn = {R}r\n", "", {}),
    "role with two sources": (f"[default]\nrole_arn = {R}r\nsource_profile = base\ncredential_source = Environment\n[profile base]\n" + K("BASE"), "", {}),
    "role with a missing source": (f"[default]\nrole_arn = {R}r\nsource_profile = nope\n", "", {}),
    "role with an empty source": (f"[default]\nrole_arn = {R}r\nsource_profile = base\n[profile base]\nregion = x\n", "", {}),
    "role, but keys in the environment": (f"[default]\nrole_arn = {R}r\nsource_profile = base\n", "[base]\n" + K("BASE"), {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}),
    "role by the environment, no keys there": (f"[profile a]\nrole_arn = {R}r\ncredential_source = Environment\n", "", {"AWS_PROFILE": "a"}),
    "role by the instance": (f"[default]\nrole_arn = {R}r\ncredential_source = Ec2InstanceMetadata\n", "", {"AWS_EC2_METADATA_DISABLED": "false"}),
    "role by the container": (f"[default]\nrole_arn = {R}r\ncredential_source = EcsContainer\n", "", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/agent"}),
    "role by an unknown source": (f"[default]\nrole_arn = {R}r\ncredential_source = Moon\n", "", {}),
    "role before keys of the same profile": (f"[default]\nrole_arn = {R}r\nsource_profile = base\n" + K("OWN") + "[profile base]\n" + K("BASE"), "", {}),
    "role in credentials file": ("", f"[default]\nrole_arn = {R}r\nsource_profile = base\n[base]\n" + K("BASE"), {}),
    "role by process": (f"[default]\nrole_arn = {R}r\nsource_profile = base\n[profile base]\ncredential_process = {folder}/process A\n", "", {}),
    "web identity": ("", "", {"AWS_WEB_IDENTITY_TOKEN_FILE": f"{folder}/token", "AWS_ROLE_ARN": R + "web"}),
    "web identity without a role": ("", "", {"AWS_WEB_IDENTITY_TOKEN_FILE": f"{folder}/token"}),
    "web identity without its file": ("", "", {"AWS_WEB_IDENTITY_TOKEN_FILE": f"{folder}/gone", "AWS_ROLE_ARN": R + "web"}),
    "web identity of a profile": (f"[default]\nweb_identity_token_file = {folder}/token\nrole_arn = {R}web\n", "", {}),
    "web identity before files": ("", "[default]\n" + K("FILE"), {"AWS_WEB_IDENTITY_TOKEN_FILE": f"{folder}/token", "AWS_ROLE_ARN": R + "web"}),
    "keys before web identity": ("", "", {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_WEB_IDENTITY_TOKEN_FILE": f"{folder}/token", "AWS_ROLE_ARN": R + "web"}),
    "role whose source is web identity": (f"[default]\nrole_arn = {R}r\nsource_profile = web\n[profile web]\nweb_identity_token_file = {folder}/token\nrole_arn = {R}web\n", "", {}),
    "role of the profile before web identity of the environment": (f"[default]\nrole_arn = {R}r\nsource_profile = base\n[profile base]\n" + K("BASE"), "", {"AWS_WEB_IDENTITY_TOKEN_FILE": f"{folder}/token", "AWS_ROLE_ARN": R + "web"}),
    "process": (f"[default]\ncredential_process = {folder}/process X\n", "", {}),
    "process with quotes": (f"[default]\ncredential_process = '{folder}/process' \"A B\"\n", "", {}),
    "process of version 2": (f"[default]\ncredential_process = {folder}/process X 2\n", "", {}),
    "process that is missing": (f"[default]\ncredential_process = {folder}/nothing\n", "", {}),
    "process that fails": ("[default]\ncredential_process = false\n", "", {}),
    "process after the credentials file": (f"[default]\ncredential_process = {folder}/process X\n", "[default]\n" + K("FILE"), {}),
    "process before the config file": (f"[default]\ncredential_process = {folder}/process X\n" + K("CONFIG"), "", {}),
    "container": ("", "", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/agent"}),
    "container with a token": ("", "", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/agent", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "abc"}),
    "container with a token file": ("", "", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/agent", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{folder}/auth", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "abc"}),
    "container at a forbidden host": ("", "", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/agent"}),
    "container before the instance": ("", "", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/agent", "AWS_EC2_METADATA_DISABLED": "false"}),
    "files before the container": ("", "[default]\n" + K("FILE"), {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/agent"}),
    "instance": ("", "", {"AWS_EC2_METADATA_DISABLED": "false"}),
    "instance turned off": ("", "", {"AWS_EC2_METADATA_DISABLED": "true"}),
    "section twice": ("[default]\n" + K("A") + "[default]\n" + K("B"), "", {}),
    "no INI file": ("hello\n", "", {}),
    "comments and case": ("# x\n; y\n[default]\nAWS_ACCESS_KEY_ID : CASED\naws_secret_access_key=s\n", "", {}),
    "nested section": ("[default]\ns3 =\n  addressing_style = path\n  aws_access_key_id = WRONG\n" + K("RIGHT"), "", {}),
}


def botocores(environment):
    old = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        found = botocore.session.Session().get_credentials()
        if found is None:
            return "refused"
        frozen = found.get_frozen_credentials()
        return frozen.access_key + (" with a token" if frozen.token else "")
    except Exception as e:  # whatever it raises, it has chosen nothing
        if "--show" in sys.argv: print("  botocore:", repr(e))
        return "refused"
    finally:
        os.environ.clear()
        os.environ.update(old)


wrong = 0
for name, (config, credentials, extra) in CASES.items():
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "AWS_CONFIG_FILE": f"{folder}/config", "AWS_SHARED_CREDENTIALS_FILE": f"{folder}/credentials",
                   "AWS_ENDPOINT_URL_STS": url, "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_SERVICE_ENDPOINT": url + "/",
                   "AWS_EC2_METADATA_DISABLED": "true", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""), **extra}
    for file, content in (("config", config), ("credentials", credentials)):
        if content is None:
            if os.path.exists(f"{folder}/{file}"): os.remove(f"{folder}/{file}")
        else:
            open(f"{folder}/{file}", "w").write(content)
    expected = botocores(environment)
    run = subprocess.run([probe, "credentials"], env=environment, capture_output=True, text=True)
    first = run.stdout.splitlines()[0] if run.stdout else run.stderr
    got = "refused" if first.startswith("refused") else first
    if "--show" in sys.argv: print(f"{name}: {run.stdout.strip()}")
    if got != expected:
        wrong += 1
        print(f"{name}: botocore says {expected!r}, perch {run.stdout.strip()!r} {run.stderr[-300:]}")
    assert "SecretAccessKey\": \"s" not in run.stdout
print(f"{len(CASES) - wrong} of {len(CASES)} configurations choose what botocore chooses")
sys.exit(wrong != 0)
