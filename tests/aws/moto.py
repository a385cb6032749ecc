"""Every call of src/aws against moto with signature checks on, through the model proxy: moto.py PROBE."""
import os, signal, socket, subprocess, sys, tempfile, time, urllib.request
sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(os.path.abspath(__file__))]  # this file is not the package

try:
    import boto3, botocore, moto  # noqa: F401
except ImportError:
    print("skipped: moto and boto3 are not installed")
    sys.exit(77)
sys.path.append(os.path.dirname(os.path.abspath(__file__)))
from model_proxy import ModelProxy

# moto 5.2 answers these with "not implemented": the request is judged by the model alone.
UNANSWERED = {"UpdateTerminationProtection", "ContinueUpdateRollback", "CancelUpdateStack", "DescribeEvents", "ListPlatformVersions", "DescribeApplicationVersions",
              "DeleteApplicationVersion", "RequestEnvironmentInfo", "RetrieveEnvironmentInfo", "UpdateEnvironment", "DescribeAccountAttributes"}
probe = sys.argv[1]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


port = free_port()
log = tempfile.NamedTemporaryFile(prefix="perch-moto-", suffix=".log")
server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log, start_new_session=True,
                          cwd=tempfile.gettempdir(), env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "1000000"})
try:
    base = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(base + "/moto-api/data.json", timeout=5).read()
            break
        except OSError:
            time.sleep(0.1)

    def client(name, **more):
        return boto3.client(name, endpoint_url=base, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b", **more)

    s3 = client("s3")
    s3.create_bucket(Bucket="perch-probe", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket="perch-probe", VersioningConfiguration={"Status": "Enabled"})
    for i in range(1005):
        s3.put_object(Bucket="perch-probe", Key=f"k {i:04}&<ü>+", Body=b"x")
    for i in range(3):
        s3.delete_object(Bucket="perch-probe", Key=f"k {i:04}&<ü>+")
    s3.create_multipart_upload(Bucket="perch-probe", Key="upload")
    s3.put_bucket_tagging(Bucket="perch-probe", Tagging={"TagSet": [{"Key": "perch", "Value": "probe"}]})
    cfn = client("cloudformation")
    for i in range(51):
        cfn.create_stack(StackName=f"other-{i}", TemplateBody='{"Resources":{"L":{"Type":"AWS::Logs::LogGroup"}}}')
    rds = client("rds")
    rds.create_db_instance(DBInstanceIdentifier="perch-db", DBInstanceClass="db.t3.micro", Engine="postgres", MasterUsername="perch", MasterUserPassword="password1", AllocatedStorage=20)
    rds.create_db_snapshot(DBSnapshotIdentifier="perch-snapshot", DBInstanceIdentifier="perch-db")
    dns = client("route53")
    zone = dns.create_hosted_zone(Name="preview.example.com", CallerReference="1")["HostedZone"]["Id"]
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": {"Name": "*.preview.example.com", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "lb.example.com"}]}}]})
    ecr = client("ecr")
    ecr.create_repository(repositoryName="perch-probe")
    ecr.put_image(repositoryName="perch-probe", imageTag="one", imageManifest='{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"x","size":1,"digest":"sha256:' + "a" * 64 + '"},"layers":[]}')
    logs = client("logs")
    for i in range(60):
        logs.create_log_group(logGroupName=f"/perch/{i}")
    logs.create_log_stream(logGroupName="/perch/0", logStreamName="s")
    logs.put_log_events(logGroupName="/perch/0", logStreamName="s", logEvents=[{"timestamp": int(time.time() * 1000), "message": "hello"}])
    client("secretsmanager").create_secret(Name="perch-secret", SecretString="x")
    certificate = client("acm").request_certificate(DomainName="*.preview.example.com")["CertificateArn"]
    iam = client("iam")
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}'
    iam.create_role(RoleName="perch-probe", AssumeRolePolicyDocument=trust)
    iam.create_user(UserName="perch")
    iam.put_user_policy(UserName="perch", PolicyName="all", PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}')
    key = iam.create_access_key(UserName="perch")["AccessKey"]

    proxy = ModelProxy(f"127.0.0.1:{port}")

    def run(mode, secret):
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_ENDPOINT_URL": proxy.url, "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                       "AWS_SECRET_ACCESS_KEY": secret, "PROBE_CERTIFICATE": certificate, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
        done = subprocess.run([probe, mode], env=environment, capture_output=True, text=True, timeout=500)
        if "-v" in sys.argv: print(done.stdout)
        if "Sanitizer" in done.stderr: problems.append(done.stderr[-2000:])
        return [line for line in done.stdout.splitlines() if line.startswith(("ok ", "failed ", "unanswered "))]

    problems = []
    lines = run("calls", key["SecretAccessKey"])
    answered = [line for line in lines if line.startswith("ok ")]
    problems += [line for line in lines if line.startswith("failed ") or (line.startswith("unanswered ") and line.split(":")[0].split()[1] not in UNANSWERED)]
    if len(lines) < 80: problems.append(f"only {len(lines)} checks were made")
    calls = list(proxy.calls)

    # moto recomputes signatures from decoded queries, and so refuses good ones of hostile keys: botocore judges those (sign_oracle.py).
    urllib.request.urlopen(urllib.request.Request(base + "/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}, method="POST")).read()
    signed = run("signed", key["SecretAccessKey"])
    problems += [f"signed: {line}" for line in signed if not line.startswith("ok ")]
    forged = run("signed", "not-the-secret")
    problems += [f"a wrong secret was taken: {line}" for line in forged if line.startswith("ok ")]
    if len(signed) != 6 or len(forged) != 6: problems.append(f"{len(signed)} and {len(forged)} signed calls in place of 6")
    print(f"{len(answered)} checks went well on moto, {len(signed)} with signatures checked; {len(calls)} requests of {len({c[:2] for c in calls})} operations; {len(proxy.wrong)} do not fit botocore's models")
    for text in problems + sorted(set(proxy.wrong)): print("  ", text)
    sys.exit(1 if problems or proxy.wrong else 0)
finally:
    os.killpg(server.pid, signal.SIGTERM)
    server.wait()
