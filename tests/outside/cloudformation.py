"""cloudformation.py TEMPLATE...: creates a stack of each in moto, which answers as AWS does, on this machine alone.

What does not come to CREATE_COMPLETE is told, one finding a line, as JSON. A value is made up for each parameter that
has none of its own.
"""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# A network needs none of its images, and to make a cloud anew takes it most of the time to read them.
BARE = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
KEYS = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "eu-central-1"}


def serve():
    """The server on a port of its choice, once it says which."""
    program = os.path.join(os.path.dirname(sys.executable), "moto_server")
    server = subprocess.Popen(
        [program, "--host", "127.0.0.1", "--port", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **BARE},
    )
    for line in server.stderr:
        if "http://127.0.0.1:" in line:
            # It tells of each question; a pipe that nobody reads is full some day, and then it stands still.
            threading.Thread(target=server.stderr.read, daemon=True).start()
            return server, "http://127.0.0.1:" + line.split("http://127.0.0.1:")[1].split()[0].strip("/")
    raise SystemExit(f"moto_server ended with {server.wait()}")


class Cloud:
    def __init__(self, url):
        self.url = url
        self.made = None
        self.clients = {}

    def client(self, name):
        # One takes as long to make as a stack.
        if name not in self.clients:
            config = Config(retries={"max_attempts": 1})
            self.clients[name] = boto3.client(name, endpoint_url=self.url, config=config)
        return self.clients[name]

    def network(self):
        """A network that a stack may be put into."""
        if self.made is None:
            ec2 = self.client("ec2")
            vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
            zones = ["a", "b"]
            subnets = [
                ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"eu-central-1{zone}")
                for number, zone in enumerate(zones)
            ]
            self.made = vpc, [subnet["Subnet"]["SubnetId"] for subnet in subnets]
        return self.made

    def value(self, parameter):
        name, kind = parameter["ParameterKey"], parameter.get("ParameterType", "String")
        allowed = parameter.get("ParameterConstraints", {}).get("AllowedValues")
        if allowed:
            return allowed[0]
        if "VPC::Id" in kind:
            return self.network()[0]
        if "Subnet::Id" in kind:
            return ",".join(self.network()[1])
        if kind == "Number":
            return "1"
        if name.endswith("Arn"):
            return "arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
        if "Image" in name:
            return "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1"
        return "value"

    def create(self, path, number):
        formation = self.client("cloudformation")
        with open(path, encoding="utf-8") as text:
            body = text.read()
        asked = formation.validate_template(TemplateBody=body)["Parameters"]
        asked = formation.get_template_summary(TemplateBody=body).get("Parameters", asked)
        given = [
            {"ParameterKey": one["ParameterKey"], "ParameterValue": self.value(one)}
            for one in asked
            if "DefaultValue" not in one
        ]
        name = f"stack-{number}"
        formation.create_stack(
            StackName=name,
            TemplateBody=body,
            Parameters=given,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )
        stack = formation.describe_stacks(StackName=name)["Stacks"][0]
        if stack["StackStatus"] != "CREATE_COMPLETE":
            return f"{stack['StackStatus']}: {stack.get('StackStatusReason', '')}"
        resources = formation.list_stack_resources(StackName=name)["StackResourceSummaries"]
        if not resources:
            return "nothing was created"
        # Names that are chosen are free for the next one.
        urllib.request.urlopen(urllib.request.Request(self.url + "/moto-api/reset", method="POST"))
        self.made = None
        return None


def main(*templates):
    os.environ.update(KEYS)
    server, url = serve()
    try:
        cloud = Cloud(url)
        for number, path in enumerate(templates):
            start = time.monotonic()
            try:
                fault = cloud.create(path, number)
            except (BotoCoreError, ClientError) as error:
                fault = str(error)
            if fault:
                print(json.dumps({"rule": "create", "path": path, "line": 0, "says": fault}))
            if time.monotonic() - start > 20:
                print(f"{path}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    finally:
        server.terminate()
        server.wait()


main(*sys.argv[1:])
