"""Small services that moto lacks in part: service quotas."""

import json

from moto.core.responses import BaseResponse

# (service, quota code): (name, AWS's default); the values are to test against, not facts about an account
QUOTAS = {
    ("ec2", "L-1216C47A"): ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 64.0),
    ("ec2", "L-0263D0A3"): ("EC2-VPC Elastic IPs", 5.0),
    ("vpc", "L-F678F1CE"): ("VPCs per Region", 5.0),
    ("vpc", "L-0EA8095F"): ("Inbound or outbound rules per security group", 60.0),
    ("elasticloadbalancing", "L-53DA6B97"): ("Application Load Balancers per Region", 50.0),
    ("elasticloadbalancing", "L-0EE0D5D5"): ("Rules per Application Load Balancer", 100.0),
    ("elasticloadbalancing", "L-B22855CB"): ("Target Groups per Region", 3000.0),
    ("rds", "L-7B6409FD"): ("DB instances", 40.0),
    ("elasticbeanstalk", "L-8EFC1C51"): ("Environments", 200.0),
    ("elasticbeanstalk", "L-D64F1F14"): ("Application versions", 1000.0),
    ("cloudformation", "L-0485CB21"): ("Stack count", 2000.0),
    ("s3", "L-DC2B2D3D"): ("General purpose buckets", 10000.0),
}


class QuotasResponse(BaseResponse):
    world = None

    def __init__(self):
        super().__init__(service_name="service-quotas")

    def _row(self, service, code, name, value):
        value = self.world.options.get("quotas", {}).get(code, value)
        return {"ServiceCode": service, "ServiceName": service, "QuotaArn": f"arn:aws:servicequotas:{self.region}:{self.current_account}:{service}/{code}",
                "QuotaCode": code, "QuotaName": name, "Value": value, "Unit": "None", "Adjustable": True, "GlobalQuota": False}

    def _quotas(self):
        return [self._row(s, c, n, v) for (s, c), (n, v) in QUOTAS.items()]

    def get_service_quota(self):
        given = json.loads(self.body)
        for row in self._quotas():
            if row["ServiceCode"] == given["ServiceCode"] and row["QuotaCode"] == given["QuotaCode"]:
                return json.dumps({"Quota": row})
        return json.dumps({"__type": "NoSuchResourceException", "message": "The request failed because the specified quota does not exist."}), {"status": 400}

    get_aws_default_service_quota = get_service_quota

    def list_service_quotas(self):
        given = json.loads(self.body)
        return json.dumps({"Quotas": [r for r in self._quotas() if r["ServiceCode"] == given["ServiceCode"]]})

    list_aws_default_service_quotas = list_service_quotas
