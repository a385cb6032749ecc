"""Puts the peer together: plug-ins into moto, the front before it, a threaded server with connections kept alive."""

import json
import logging

import moto.cloudformation.urls
import moto.elasticbeanstalk.urls
import moto.servicequotas.urls
from moto.acm.models import acm_backends
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.route53.models import route53_backends

from . import app_server, moto_fixes, wsgi_server
from .beanstalk_api import BeanstalkResponse
from .cfn_api import CloudFormationResponse
from .front import Front
from .gaps import QuotasResponse
from .world import World

ACCOUNT = "123456789012"
REGION = "eu-central-1"


def start(given, folder):
    """(what to print, the server); the server isn't serving yet but its socket listens."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    world = World(given.speed, given.log, given.page_size, given.throttle, not given.no_inner_stacks, debug=given.debug)
    for module, response in ((moto.cloudformation.urls, CloudFormationResponse), (moto.elasticbeanstalk.urls, BeanstalkResponse), (moto.servicequotas.urls, QuotasResponse)):
        response.world = world
        module.url_paths = {"{0}/$": response.dispatch}
    moto_fixes.apply(world)
    front = Front(world, DomainDispatcherApplication(create_backend_app), given.auth)
    server = wsgi_server.make(given.port, front)
    world.url = f"http://127.0.0.1:{server.server_port}"
    web, authority = app_server.start(world, given.url_scheme, folder, given.names.split(","))
    ready = {"port": server.server_port, "url": world.url, "web": web, "scheme": given.url_scheme, "account": ACCOUNT, "region": REGION}
    if authority:
        ready["ca"] = authority
    ready["account"] = ACCOUNT if not given.account else given.account
    ready["certificate"] = _certificate(ready["account"], given.certificate, given.names.split(","))
    for zone in dict.fromkeys(given.zone):
        _zone(ready["account"], zone)
    if given.auth:
        ready.update(_administrator(ready["account"]))
        moto_fixes.require_auth()
    return ready, server


def _certificate(account, arn, names):
    """An issued certificate for the branches' domain; under a chosen ARN when a template names one."""
    backend = acm_backends[account][REGION]
    made = backend.request_certificate(names[0], "peer", names[1:], [])
    bundle = backend._certificates[made]
    bundle.status = "ISSUED"
    if arn:
        bundle.arn = arn
        backend._certificates[arn] = backend._certificates.pop(made)
    return bundle.arn


def _zone(account, name):
    backend = route53_backends[account]["aws"]
    if not any(z.name == name for z in backend.zones.values()):
        backend.create_hosted_zone(name, False, comment="of the peer")


def _administrator(account):
    backend = iam_backends[account]["aws"]
    backend.create_user(REGION, "administrator")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    backend.put_user_policy("administrator", "everything", json.dumps(everything))
    key = backend.create_access_key("administrator")
    return {"access_key": key.access_key_id, "secret_key": key.secret_access_key}
