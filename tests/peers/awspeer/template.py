"""A CloudFormation template: reading it, what it refers to, and the values of its functions."""

import base64
import json
import re

import yaml

from . import registry


class Refused(Exception):
    """A request that CloudFormation refuses as ValidationError, or by another code."""

    def __init__(self, message, code="ValidationError"):
        super().__init__(message)
        self.message = message
        self.code = code


class Failed(Exception):
    """A resource that can't be made, changed or deleted; the text is the event's reason."""


NO_VALUE = object()
PSEUDO = {"AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId",
          "AWS::StackName", "AWS::URLSuffix"}
_SUB = re.compile(r"\$\{(!?)([^}]*)\}")


class _Loader(yaml.SafeLoader):
    pass


def _tag(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix: value}


_Loader.add_multi_constructor("!", _tag)
_Loader.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for key, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(text):
    """The template as a dict; Refused with CloudFormation's words when it is none."""
    try:
        value = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, Loader=_Loader)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise Refused(f"Template format error: JSON not well-formed or YAML not well-formed. ({str(error)[:120]})") from error
    if not isinstance(value, dict):
        raise Refused("Template format error: unsupported structure.")
    return value


def references(value):
    """Every (logical name, attribute or None) that a value refers to by Ref, GetAtt or Sub."""
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key == "Ref" and isinstance(inner, str):
            yield inner, None
        elif key == "Fn::GetAtt":
            parts = inner.split(".", 1) if isinstance(inner, str) else inner
            if isinstance(parts, list) and len(parts) == 2 and isinstance(parts[0], str):
                yield parts[0], parts[1]
        elif key == "Fn::Sub":
            text, own = (inner, {}) if isinstance(inner, str) else (inner[0], inner[1])
            for escaped, name in _SUB.findall(text):
                if not escaped and name not in own:
                    head, _, attribute = name.partition(".")
                    yield head, attribute or None
            yield from references(own)
        else:
            yield from references(inner)


def imports(value):
    """Every argument of ImportValue inside a value."""
    if isinstance(value, list):
        for inner in value:
            yield from imports(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "Fn::ImportValue":
                yield inner
            yield from imports(inner)


def depends_on(definition):
    found = definition.get("DependsOn", [])
    return [found] if isinstance(found, str) else list(found)


def check(template, region):
    """Refuses what CreateStack and CreateChangeSet refuse before anything is made."""
    allowed = {"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Resources",
               "Outputs", "Rules", "Transform", "Hooks"}
    extra = [key for key in template if key not in allowed]
    if extra:
        raise Refused(f"Invalid template property or properties [{', '.join(map(str, extra))}]")
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise Refused("Template format error: At least one Resources member must be defined.")
    if len(str(template.get("Description", "")).encode()) > 1024:
        raise Refused("Template format error: 'Description' length is greater than 1024.")
    for section, most in (("Resources", 500), ("Parameters", 200), ("Outputs", 200), ("Mappings", 200)):
        if len(template.get(section, {})) > most:
            raise Refused(f"Template format error: Number of {section.lower()}, {len(template[section])}, is greater than maximum allowed, {most}")
    for name, definition in resources.items():
        if not re.fullmatch(r"[A-Za-z0-9]{1,255}", str(name)):
            raise Refused(f"Template format error: Resource name {name} is non alphanumeric.")
        if not isinstance(definition, dict) or "Type" not in definition:
            raise Refused(f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member.")
    unknown = sorted({d["Type"] for d in resources.values() if not registry.known(region, d["Type"])})
    if unknown:
        raise Refused(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    known = set(resources) | set(template.get("Parameters", {})) | PSEUDO
    for section in ("Resources", "Outputs"):
        dangling = sorted({n for n, _ in references(template.get(section, {})) if n not in known})
        if dangling:
            raise Refused(f"Template format error: Unresolved resource dependencies [{', '.join(dangling)}] in the {section} block of the template")
    for name, definition in resources.items():
        for other in depends_on(definition):
            if other not in resources:
                raise Refused(f"Template format error: Unresolved resource dependencies [{other}] in the Resources block of the template")
    order(resources)


def edges(resources):
    """Each logical name with the names that must be there before it."""
    return {name: ({n for n, _ in references(definition.get("Properties", {})) if n in resources} | set(depends_on(definition))) - {name}
            for name, definition in resources.items()}


def order(resources):
    """The logical names, each after what it needs; Refused on a circle."""
    need = {name: set(before) & set(resources) for name, before in edges(resources).items()}
    done = []
    while need:
        ready = sorted(name for name, before in need.items() if not before - set(done))
        if not ready:
            raise Refused(f"Circular dependency between resources: [{', '.join(sorted(need))}]")
        done += ready
        for name in ready:
            del need[name]
    return done


def parameters(template, given, previous):
    """The value of each parameter, from what was given, the last values, or the defaults."""
    declared = template.get("Parameters", {})
    extra = [k for k in given if k not in declared]
    if extra:
        raise Refused(f"Parameters: [{', '.join(extra)}] do not exist in the template")
    values = {}
    for name, declaration in declared.items():
        value = given.get(name, declaration.get("Default"))
        if value is NO_VALUE:
            value = previous.get(name)
        if value is None:
            raise Refused(f"Parameters: [{name}] must have values")
        if "AllowedValues" in declaration and str(value) not in [str(v) for v in declaration["AllowedValues"]]:
            raise Refused(f"Parameter '{name}' must be one of AllowedValues")
        values[name] = str(value)
    return values


class Values:
    """Resolves functions. `ref(name)` and `attribute(name, attribute)` tell of resources, `export(name)` of other stacks."""

    def __init__(self, template, pseudo, parameter_values, ref, attribute, export):
        self._template = template
        self._pseudo = pseudo
        self._parameters = parameter_values
        self._ref = ref
        self._attribute = attribute
        self._export = export

    def condition(self, name, depth=0):
        conditions = self._template.get("Conditions", {})
        if name not in conditions or depth > 50:
            raise Refused(f"Template format error: Unresolved condition dependency {name} in the Conditions block of the template")
        return self._holds(conditions[name], depth + 1)

    def _holds(self, node, depth):
        (key, inner), = node.items()
        if key == "Condition":
            return self.condition(inner, depth)
        if key == "Fn::Equals":
            return str(self.resolve(inner[0])) == str(self.resolve(inner[1]))
        if key == "Fn::Not":
            return not self._holds(inner[0], depth)
        if key in ("Fn::And", "Fn::Or"):
            return (all if key == "Fn::And" else any)(self._holds(i, depth) for i in inner)
        raise Refused(f"Template format error: {key} is no condition")

    def active(self, section):
        """The entries of Resources or Outputs whose condition holds."""
        return {name: definition for name, definition in self._template.get(section, {}).items()
                if "Condition" not in definition or self.condition(definition["Condition"])}

    def resolve(self, value):
        if isinstance(value, list):
            return [v for v in (self.resolve(i) for i in value) if v is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (key, inner), = value.items()
            if key == "Ref":
                return self._reference(inner)
            if key.startswith("Fn::"):
                return self._function(key[4:], inner)
        resolved = {key: self.resolve(inner) for key, inner in value.items()}
        return {key: inner for key, inner in resolved.items() if inner is not NO_VALUE}

    def _reference(self, name):
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._parameters:
            declared = self._template.get("Parameters", {}).get(name, {}).get("Type", "String")
            return self._parameters[name].split(",") if "List" in declared else self._parameters[name]
        return self._ref(name)

    def _function(self, name, inner):
        if name == "GetAtt":
            parts = inner.split(".", 1) if isinstance(inner, str) else [inner[0], self.resolve(inner[1])]
            return self._attribute(parts[0], parts[1])
        if name == "Sub":
            text, own = (inner, {}) if isinstance(inner, str) else (inner[0], inner[1])
            return _SUB.sub(lambda m: "${" + m[2] + "}" if m[1] else self._placeholder(m[2], own), text)
        if name == "Join":
            return inner[0].join(str(v) for v in self.resolve(inner[1]))
        if name == "Split":
            return str(self.resolve(inner[1])).split(inner[0])
        if name == "Select":
            items = self.resolve(inner[1])
            index = int(self.resolve(inner[0]))
            if index >= len(items):
                raise Refused("Template error: Fn::Select cannot select nonexistent value at index " + str(index))
            return items[index]
        if name == "If":
            return self.resolve(inner[1] if self.condition(inner[0]) else inner[2])
        if name == "GetAZs":
            region = self.resolve(inner) or self._pseudo["AWS::Region"]
            return [region + letter for letter in "abc"]
        if name == "FindInMap":
            where = self._template.get("Mappings", {})
            for step in self.resolve(inner[:3]):
                where = where[step]
            return where
        if name == "Base64":
            return base64.b64encode(str(self.resolve(inner)).encode()).decode()
        if name == "ImportValue":
            return self._export(self.resolve(inner))
        if name == "ToJsonString":
            return json.dumps(self.resolve(inner))
        raise Refused(f"Template error: Fn::{name} isn't supported by this peer")

    def _placeholder(self, name, own):
        name = name.strip()
        if name in own:
            return str(self.resolve(own[name]))
        head, _, attribute = name.partition(".")
        return str(self._attribute(head, attribute) if attribute else self._reference(head))
