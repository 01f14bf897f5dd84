"""terraform.py SCHEMAS FOLDER...: what is wrong with the Terraform module of each folder, one finding a line, as JSON.

Against the providers' own schemas: types of resources and data sources, their arguments and blocks at any depth, what
is required, and what is read of them. Within the module: what is named is declared, and what is declared is used.
"""

import glob
import json
import os
import re
import sys

import hcl2

META = {"count", "for_each", "depends_on", "lifecycle", "provider", "provisioner", "connection"}
# Small providers whose few types need no schema of their own.
SMALL = {"random", "archive", "terraform"}
NAME = r"([A-Za-z_][\w-]*)"
REFERENCE = re.compile(
    rf"(?<![\w.\"/-])(?:(var|local|module)\.{NAME}"
    rf"|(data\.)?((?:aws|azurerm|google|random|archive|terraform)_\w+)\.{NAME}(?:\[[^\]]*\])?(?:\.{NAME})?)"
)


def camel(name):
    return re.sub(r"_+(.)", lambda found: found[1].upper(), name)


def bare(name):
    return name.strip('"')


class Module:
    def __init__(self, schemas, folder):
        self.schemas, self.folder = schemas, folder
        self.declared, self.used = {}, set()
        self.lines = {}

    def say(self, rule, says, word=""):
        """The first line with the word tells where; the parser does not."""
        for file, lines in self.lines.items():
            for number, line in enumerate(lines, 1):
                if word and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", line):
                    return self.tell(rule, file, number, says)
        return self.tell(rule, next(iter(self.lines), self.folder), 0, says)

    @staticmethod
    def tell(rule, path, line, says):
        print(json.dumps({"rule": rule, "path": path, "line": line, "says": says}))

    def check(self):
        bodies = []
        for file in sorted(glob.glob(os.path.join(self.folder, "*.tf"))):
            with open(file, encoding="utf-8") as text:
                self.lines[file] = text.read().splitlines()
            try:
                bodies.append(hcl2.loads("\n".join(self.lines[file]) + "\n"))
            except Exception as error:  # the parser raises several kinds
                self.tell("parse", file, getattr(error, "line", 0), str(error).splitlines()[0])
        for body in bodies:
            self.declare(body)
        for body in bodies:
            self.walk(body)
        for file in sorted(glob.glob(os.path.join(self.folder, "**/*.tfvars"), recursive=True)):
            self.values(file)
        for file in sorted(glob.glob(os.path.join(self.folder, "**/*.tfbackend"), recursive=True)):
            with open(file, encoding="utf-8") as text:
                hcl2.load(text)
        for kind, name in sorted(set(self.declared) - self.used):
            if kind in ("var", "local") or kind.startswith("data."):
                self.say("unused", f"{kind}.{name} is used nowhere", name)

    def declare(self, body):
        for kind, short in (("variable", "var"), ("module", "module")):
            for block in body.get(kind, []):
                self.declared.update({(short, bare(name)): None for name in block if not name.startswith("__")})
        for block in body.get("locals", []):
            self.declared.update({("local", bare(name)): None for name in block if not name.startswith("__")})
        for kind, prefix in (("resource", ""), ("data", "data.")):
            for block in body.get(kind, []):
                for type_name, named in block.items():
                    for name, inner in named.items():
                        self.declared[(prefix + bare(type_name), bare(name))] = None
                        self.typed(kind, bare(type_name), bare(name), inner)

    def provider(self, type_name):
        name = type_name.split("_")[0]
        return self.schemas.get(name)

    def typed(self, kind, type_name, name, body):
        schema = self.provider(type_name)
        if schema is None:
            if type_name.split("_")[0] not in SMALL:
                self.say("provider", f"nothing is known of the provider of {type_name}", type_name)
            return
        known = schema[kind].get(type_name)
        if known is None:
            return self.say("type", f"there is no {kind} {type_name}", type_name)
        self.block(schema, known["body"], body, f"{type_name}.{name}", META)

    def block(self, schema, number, body, place, more=frozenset()):
        known = schema["blocks"][number]
        given = {bare(key): value for key, value in body.items() if not key.startswith("__")}
        for dynamic in given.pop("dynamic", []):
            for key, inner in dynamic.items():
                if key.startswith("__"):
                    continue
                contents = inner.get("content", [])
                given.setdefault(bare(key), []).extend(contents if isinstance(contents, list) else [contents])
        for key, value in given.items():
            if key in more:
                continue
            if key not in known:
                self.say("argument", f"{place} knows no {key}", key)
                continue
            inside = known[key]["inside"]
            blocks = value if isinstance(value, list) else [value]
            for inner in blocks:
                if inside is not None and isinstance(inner, dict):
                    self.block(schema, inside, inner, f"{place}.{key}")
        for key, rule in known.items():
            if rule["required"] and key not in given:
                self.say("required", f"{place} needs {key}", place.split(".")[1])

    def walk(self, value):
        if isinstance(value, dict):
            for key, inner in value.items():
                self.walk(key)
                self.walk(inner)
        elif isinstance(value, list):
            for inner in value:
                self.walk(inner)
        elif isinstance(value, str) and "${" in value:
            for found in REFERENCE.finditer(value):
                self.reference(*found.groups())

    def reference(self, short, name, data, type_name, of, attribute):
        key = (short, name) if short else ((data or "") + type_name, of)
        self.used.add(key)
        if key not in self.declared:
            return self.say("reference", f"{'.'.join(key)} is declared nowhere", key[1])
        schema = self.provider(type_name) if type_name else None
        known = schema and schema["data" if data else "resource"].get(type_name)
        if known and attribute and attribute != "id":
            if camel(attribute) not in known["reads"] and attribute not in schema["blocks"][known["body"]]:
                self.say("attribute", f"{type_name} has no {attribute} to read", attribute)

    def values(self, file):
        with open(file, encoding="utf-8") as text:
            given = hcl2.load(text)
        for name in given:
            if not name.startswith("__") and ("var", bare(name)) not in self.declared:
                self.tell("value", file, 0, f"no variable is called {bare(name)}")


def main(folder, *modules):
    schemas = {}
    for name in ("aws", "azurerm", "google"):
        with open(os.path.join(folder, name + ".json"), encoding="utf-8") as text:
            schemas[name] = json.load(text)
    for module in modules:
        Module(schemas, module).check()


main(*sys.argv[1:])
