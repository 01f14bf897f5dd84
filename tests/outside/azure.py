"""azure.py FILE...: what is wrong with ARM templates (.json) and Bicep files, one finding a line, as JSON.

Bicep's own compiler comes with no package that can be installed here; its files are parsed by the parser that Checkov
brings, and what is declared has to be used, modules have to be there.
"""

import json
import os
import re
import sys

from pycep import BicepParser

NAMED = re.compile(r"\b(parameters|variables)\('([^']+)'\)")
DECLARED = re.compile(r"^(?:param|var|resource|module) (\w+)", re.M)
MODULE = re.compile(r"^module \w+ '([^']+)'", re.M)
COMMENT = re.compile(r"^\s*//.*$|/\*.*?\*/", re.M | re.S)


def tell(rule, path, line, says):
    print(json.dumps({"rule": rule, "path": path, "line": line, "says": says}))


def strings(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def arm(path, text):
    template = json.loads(text)
    if "deploymentParameters" in template.get("$schema", ""):
        for name, given in template.get("parameters", {}).items():
            if not isinstance(given, dict) or not given.keys() & {"value", "reference"}:
                tell("parameters", path, 0, f"{name} has no value")
        return
    for key in ("$schema", "contentVersion", "resources"):
        if key not in template:
            return tell("structure", path, 0, f"{key} is missing")
    used = {found.groups() for one in strings(template) for found in NAMED.finditer(one) if one.startswith("[")}
    declared = {(kind, name) for kind in ("parameters", "variables") for name in template.get(kind, {})}
    for kind, name in sorted(used - declared):
        tell("reference", path, 0, f"{kind}('{name}') is declared nowhere")
    for kind, name in sorted(declared - used):
        tell("unused", path, 0, f"{kind}('{name}') is used nowhere")
    resources = template["resources"]
    for resource in resources.values() if isinstance(resources, dict) else resources:
        for key in ("type", "apiVersion", "name"):
            if not resource.get(key):
                tell("structure", path, 0, f"a resource has no {key}: {json.dumps(resource)[:80]}")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", resource.get("apiVersion", "")):
            tell("structure", path, 0, f"{resource.get('type')}: {resource.get('apiVersion')} is no version")


def bicep(path, text):
    BicepParser().parse(text=text)
    bare = COMMENT.sub("", text)
    for name in DECLARED.findall(bare):
        is_resource = re.search(rf"^(?:resource|module) {name}\b", bare, re.M)
        if not is_resource and len(re.findall(rf"\b{name}\b", bare)) < 2:
            tell("unused", path, 0, f"{name} is used nowhere")
    for module in MODULE.findall(bare):
        if not module.startswith("br") and not os.path.exists(os.path.join(os.path.dirname(path), module)):
            tell("module", path, 0, f"{module} is not there")


def main(*paths):
    for path in paths:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        try:
            (bicep if path.endswith(".bicep") else arm)(path, text)
        except Exception as error:  # the parsers raise several kinds
            tell("parse", path, getattr(error, "lineno", getattr(error, "line", 0)), str(error).splitlines()[0])


main(*sys.argv[1:])
