"""botocore's signer for AWS' requests:

    standard input: [{"time", "id", "secret", "token", "region", "service", "url", "headers", "body"}, …]
    standard output: ["AWS4-HMAC-SHA256 Credential=…", …]
"""

import datetime
import json
import sys

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

answers = []
for one in json.load(sys.stdin):
    time = datetime.datetime.strptime(one["time"], "%Y%m%dT%H%M%SZ")
    auth.get_current_datetime = lambda *_, time=time, **__: time
    credentials = Credentials(one["id"], one["secret"], one["token"])
    request = AWSRequest("POST", one["url"], headers=one["headers"], data=one["body"].encode())
    auth.SigV4Auth(credentials, one["service"], one["region"]).add_auth(request)
    answers.append(request.headers["Authorization"])
json.dump(answers, sys.stdout)
