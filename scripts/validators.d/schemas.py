#!/usr/bin/env python3
"""schemas.py PACKAGE.tgz SCHEMA.json

What a Terraform provider knows, from the npm package that HashiCorp generated from its schema: each resource and data
source with its arguments and blocks, and what can be read from it. The package takes 500 MB, what is wanted of it 3.
"""

import json
import re
import sys
import tarfile

LINK = re.compile(r"https://registry\.terraform\.io/[^ #}]+#(\w+) ")
NAMED = re.compile(r"\{@link https://registry\.terraform\.io/\S+/docs/\S+ (\w+)\}")


def camel(name):
    return re.sub(r"_+(.)", lambda found: found[1].upper(), name)


def text(thing):
    docs = thing.get("docs", {})
    # A description with an @ in it ends in a tag of its own.
    tags = [one for tag in docs.values() for one in (tag.values() if isinstance(tag, dict) else [tag])]
    return docs.get("summary", "") + "\n" + "\n".join(str(one) for one in tags)


class Reader:
    def __init__(self, types):
        self.types = types
        self.blocks = {}

    def struct(self, kind):
        """The struct's name where the type of a property is one, or many of one."""
        if "fqn" in kind:
            known = self.types.get(kind["fqn"])
            return kind["fqn"] if known and known["kind"] == "interface" else None
        if "collection" in kind:
            return self.struct(kind["collection"]["elementtype"])
        for one in kind.get("union", {}).get("types", []):
            found = self.struct(one)
            if found:
                return found
        return None

    def block(self, fqn):
        """The number of the block; blocks that are alike are kept once."""
        body = {}
        for prop in self.types[fqn].get("properties", []):
            link = LINK.search(text(prop))
            if not link:
                continue
            inner = self.struct(prop["type"])
            body[link[1]] = {
                "required": not prop.get("optional", False),
                "block": text(prop).startswith(link[1] + " block"),
                "inside": self.block(inner) if inner and inner != fqn else None,
            }
        key = json.dumps(body, sort_keys=True)
        return self.blocks.setdefault(key, len(self.blocks))


def main(package, schema):
    with tarfile.open(package) as archive:
        jsii = json.load(archive.extractfile("package/.jsii"))
    reader = Reader(jsii["types"])
    known = {"resource": {}, "data": {}}
    bases = {"cdktf.TerraformResource": "resource", "cdktf.TerraformDataSource": "data"}
    for one in jsii["types"].values():
        kind, named = bases.get(one.get("base")), NAMED.search(text(one))
        if not kind or not named:
            continue
        config = one["initializer"]["parameters"][-1]["type"]["fqn"]
        own = (prop["name"] for prop in one.get("properties", []) if not prop.get("static"))
        readable = {name for name in own if not name.endswith("Input")}
        known[kind][named[1]] = {"body": reader.block(config), "reads": sorted(readable)}
    known["blocks"] = [json.loads(key) for key in reader.blocks]
    assert len(known["resource"]) > 500, f"{package} is not what it was"
    with open(schema, "w", encoding="utf-8") as out:
        json.dump(known, out, separators=(",", ":"), sort_keys=True)


main(*sys.argv[1:])
