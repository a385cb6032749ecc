"""Signatures of hostile requests, compared with botocore's: sign_oracle.py PROBE [COUNT] [SEED]."""
import json, random, subprocess, sys, datetime

try:
    import botocore.auth, botocore.awsrequest, botocore.credentials
except ImportError:
    print("skipped: botocore is not installed")
    sys.exit(77)
from urllib.parse import quote

probe, count, seed = sys.argv[1], int((sys.argv[2:] + ["600"])[0]), int((sys.argv[3:] + ["1"])[0])
chance = random.Random(seed)
PIECES = list("abcZ09-_.~") + [" ", "  ", "+", "&", "=", "*", ":", "~", "%", "%2F", "/", "//", "/./", "/../", ".", "..", "ü", "日本", "🐦",
          "'", '"', "(", ")", "!", "@", "$", ",", ";", "?", "#", "[", "]", "|", "\\", "^", "`", "<", ">", "{", "}", "\t", "\x7f"]


def text(most=8, empty=True):
    return "".join(chance.choice(PIECES) for _ in range(chance.randint(0 if empty else 1, most)))


def header_value():
    return "".join(chance.choice(["a", "B", "1", " ", "  ", "=", ",", ";", "/", ":", "\t"]) for _ in range(chance.randint(0, 12)))


def make():
    s3 = chance.random() < 0.6
    query = [[text(5, False), text()] for _ in range(chance.choice([0, 0, 1, 2, 5]))]
    if query and chance.random() < 0.5:
        query.append([query[0][0], text()])  # the same name twice
    headers = [["X-Amz-Meta-%d" % i, header_value()] for i in range(chance.randint(0, 3))]
    if chance.random() < 0.3:
        headers.append(["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"])
    if chance.random() < 0.2:
        headers.append(["User-Agent", "perch  test"])
    day = datetime.datetime(2015, 1, 1) + datetime.timedelta(seconds=chance.randint(0, 10**9))
    return {
        "method": chance.choice(["GET", "PUT", "POST", "DELETE", "HEAD"]),
        "host": chance.choice(["bucket.s3.eu-central-1.amazonaws.com", "127.0.0.1:5000", "route53.amazonaws.com"]),
        "s3": s3, "key": text(12), "path": "/" + "/".join(quote(text(3), safe="~") for _ in range(chance.randint(0, 5))),
        "query": query, "headers": headers, "body": chance.choice(["", text(30)]), "token": chance.choice(["", "", "tok/en+=="]),
        "region": chance.choice(["us-east-1", "eu-central-1", "cn-north-1"]), "service": "s3" if s3 else chance.choice(["route53", "cloudformation", "ecr"]),
        "time": day.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def expected(case):
    path = "/" + quote(case["key"], safe="/~") if case["s3"] else case["path"]
    query = "&".join(quote(k, safe="-_.~") + "=" + quote(v, safe="-_.~") for k, v in case["query"])
    url = "https://" + case["host"] + path + ("?" + query if query else "")
    request = botocore.awsrequest.AWSRequest(method=case["method"], url=url, headers=dict(case["headers"]), data=case["body"].encode() or None)
    when = datetime.datetime.strptime(case["time"], "%Y-%m-%dT%H:%M:%SZ")
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: when
    keys = botocore.credentials.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", case["token"] or None)
    kind = botocore.auth.S3SigV4Auth if case["s3"] else botocore.auth.SigV4Auth
    kind(keys, case["service"], case["region"]).add_auth(request)
    return url, request.headers["Authorization"]


cases = [make() for _ in range(count)]
lines = subprocess.run([probe, "sign"], input="\n".join(json.dumps(c) for c in cases) + "\n", capture_output=True, text=True, check=True).stdout.splitlines()
assert len(lines) == count, (len(lines), count)
wrong = 0
for case, line in zip(cases, lines):
    got, (url, authorization) = json.loads(line), expected(case)
    if got["url"] != url or got["authorization"] != authorization:
        wrong += 1
        if wrong <= 3:
            print("differs:", json.dumps(case, ensure_ascii=False), "\n  ours     ", got, "\n  botocore ", url, authorization)
print(f"{count - wrong} of {count} requests signed as botocore signs them (seed {seed})")
sys.exit(wrong != 0)
