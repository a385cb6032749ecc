#include "base/text.h"
#include "beanstalk/instance_types.h"
#include "beanstalk/settings_parts.h"

namespace perch::beanstalk {
namespace {

/// "07:30" as minutes of the day.
std::optional<int> ReadTimeOfDay(Tree& tree, const char* path) {
  const std::string text = tree.Text(path);
  if (text.empty()) {
    tree.Complain(path, "`" + std::string(path) + "` is missing", "Office hours have a start and a stop, in UTC.");
    return std::nullopt;
  }
  if (text.size() == 5 && text[2] == ':' && AllOf(text.substr(0, 2) + text.substr(3), kDigits)) {
    const int hour = (text[0] - '0') * 10 + (text[1] - '0'), minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (hour < 24 && minute < 60) return hour * 60 + minute;
  }
  tree.Complain(path, "`" + std::string(path) + "` is no time of day: " + Quoted(text),
                "Write it as in \"07:30\", UTC.");
  return std::nullopt;
}

std::optional<OfficeHours> ReadOfficeHours(Tree& tree) {
  if (!tree.Has("instances.office_hours")) return std::nullopt;
  const std::optional<int> start = ReadTimeOfDay(tree, "instances.office_hours.start");
  const std::optional<int> stop = ReadTimeOfDay(tree, "instances.office_hours.stop");
  if (!start || !stop) return std::nullopt;
  if (*start == *stop) {
    tree.Complain("instances.office_hours.stop", "`instances.office_hours` begin and end at the same time",
                  "Write another time, or leave `office_hours` out when instances are to run all day.");
  }
  const bool every_day = tree.Text("instances.office_hours.days") == "every-day";
  return OfficeHours{.start_minute = *start, .stop_minute = *stop, .days = every_day ? "*" : "1-5"};
}

/// An instance type of perch's own choice for the other architecture: t3.micro becomes t4g.micro.
std::string Sibling(const std::string& type) { return type.starts_with("t3.") ? "t4g." + type.substr(3) : type; }

void CheckType(Tree& tree, const InstanceSettings& instances) {
  if (const std::optional<TypeProblem> problem = CheckInstanceType(instances.type)) {
    tree.Complain("instances.type", "`instances.type`: " + problem->why, problem->hint);
    return;
  }
  const Architecture actual = ArchitectureOf(instances.type);
  if (actual == instances.architecture) return;
  const std::string other(ArchitectureName(actual));
  tree.Complain("instances.type",
                "`instances.type` " + instances.type + " is " + other + ", but `instances.architecture` is " +
                    tree.Told("instances.architecture"),
                "Write `architecture: " + other +
                    "` if the container image is built for it, or take an instance type of " +
                    std::string(ArchitectureName(instances.architecture)) + ".");
}

}  // namespace

void ReadInstances(Tree& tree, AwsSettings& settings) {
  InstanceSettings& instances = settings.instances;
  instances.architecture =
      tree.Text("instances.architecture") == "arm64" ? Architecture::kArm64 : Architecture::kX86_64;
  instances.type = tree.Text("instances.type");
  if (!tree.IsWritten("instances.type") && instances.architecture == Architecture::kArm64) {
    instances.type = Sibling(instances.type);
  }
  instances.min = tree.Number("instances.min", 1);
  instances.max = tree.Number("instances.max", 1);
  instances.spot = tree.Flag("instances.spot");
  instances.disk = tree.Number("instances.disk", instances.disk);
  CheckType(tree, instances);
  if (instances.min > instances.max) {
    tree.Complain(tree.IsWritten("instances.min") ? "instances.min" : "instances.max",
                  "`instances.min` is " + tree.Told("instances.min") + ", more than `instances.max`, " +
                      tree.Told("instances.max"),
                  "Write both, the smaller one as `min`.");
  }
  instances.office_hours = ReadOfficeHours(tree);
}

}  // namespace perch::beanstalk
