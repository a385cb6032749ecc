"""How the types go that moto can make from a template but not take down."""

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends


def _ec2(stack):
    return ec2_backends[stack.account][stack.region]


def _route(stack, res):
    if res.props["RouteTableId"] in _ec2(stack).route_tables and "DestinationCidrBlock" in res.props:
        _ec2(stack).delete_route(res.props["RouteTableId"], res.props["DestinationCidrBlock"])


def _association(stack, res):
    table = _ec2(stack).route_tables.get(res.props["RouteTableId"])
    if table is not None:
        for key in [k for k, association in table._associations.items() if association.subnet_id == res.props["SubnetId"]]:
            table._associations.pop(key)


def _attachment(stack, res):
    gateway = res.props.get("InternetGatewayId")
    if gateway in _ec2(stack).internet_gateways:
        _ec2(stack).detach_internet_gateway(gateway, res.props["VpcId"])


def _ingress(stack, res):
    group = _ec2(stack).get_security_group_from_id(res.props.get("GroupId"))
    if group is None:
        return
    source, port = res.props.get("SourceSecurityGroupId"), str(res.props.get("FromPort"))
    group.ingress_rules = [r for r in group.ingress_rules if str(r.from_port) != port or (source and r.source_group.get("GroupId") != source)]


def _managed_policy(stack, res):
    policies = iam_backends[stack.account]["aws"].managed_policies
    policies.pop(res.physical, None)


BY_TYPE = {
    "AWS::EC2::Route": _route,
    "AWS::EC2::SubnetRouteTableAssociation": _association,
    "AWS::EC2::VPCGatewayAttachment": _attachment,
    "AWS::EC2::SecurityGroupIngress": _ingress,
    "AWS::EC2::RouteTable": lambda stack, res: _ec2(stack).delete_route_table(res.physical),
    "AWS::EC2::InternetGateway": lambda stack, res: _ec2(stack).delete_internet_gateway(res.physical),
    "AWS::ElasticLoadBalancingV2::Listener": lambda stack, res: elbv2_backends[stack.account][stack.region].delete_listener(res.physical),
    "AWS::IAM::ManagedPolicy": _managed_policy,
}
