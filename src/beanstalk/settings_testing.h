#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "beanstalk/settings.h"

/// Resolved profiles for tests, without a perch.yaml.
namespace perch::beanstalk::testing {

/// Values as a person would have written them, each on a line of its own in the order of setting.
class Written {
 public:
  Written& Set(const std::string& path, Value value) {
    Value* map = &values_;
    const std::vector<std::string> keys = Split(path, '.');
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!map->AsMap()) map->data = Value::Map{};
      if (!map->Find(keys[i])) map->AsMap()->push_back({keys[i], {}, {.file = "f", .line = line_, .column = 1}});
      map = map->Find(keys[i]);
    }
    value.at = {.file = "f", .line = line_++, .column = 5};
    *map = std::move(value);
    return *this;
  }
  Written& Set(const std::string& path, const char* text) { return Set(path, Value{.data = std::string(text)}); }
  Written& Set(const std::string& path, int number) { return Set(path, Value{.data = std::int64_t(number)}); }
  Written& Set(const std::string& path, bool flag) { return Set(path, Value{.data = flag}); }
  Written& Set(const std::string& path, const std::vector<std::string>& texts) {
    Value::List list;
    for (const std::string& text : texts) {
      list.push_back({.data = text, .at = {.file = "f", .line = line_, .column = 9}});
    }
    return Set(path, Value{.data = std::move(list)});
  }
  /// As if nobody had written it.
  Written& Default(const std::string& path, Value value, const std::string& from) {
    Set(path, std::move(value));
    Value* last = &values_;
    for (const std::string& key : Split(path, '.')) last = last->Find(key);
    last->at = {};
    last->from = from;
    return *this;
  }
  Written& Erase(const std::string& map, const std::string& key) {
    std::erase_if(*values_.Find(map)->AsMap(), [&](const auto& entry) { return entry.key == key; });
    return *this;
  }
  const Value& values() const { return values_; }

 private:
  Value values_{.data = Value::Map{}};
  int line_ = 1;
};

/// A profile with which nothing is wrong.
inline Written Good() {
  Written good;
  good.Set("app", "shop").Set("domain", "Preview.Example.com");
  good.Set("aws.account", "111122223333").Set("aws.region", "eu-central-1").Set("aws.application", "staging");
  good.Set("aws.certificate", "arn:aws:acm:eu-central-1:111122223333:certificate/0a1b");
  good.Set("aws.hosted_zone", "example.com").Set("aws.vpc.cidr", "10.70.0.0/16");
  good.Set("access.cidrs", std::vector<std::string>{"0.0.0.0/0", "::/0"});
  good.Set("instances.type", "t3.micro").Set("instances.min", 1).Set("instances.max", 2);
  good.Set("instances.architecture", "x86_64").Set("instances.spot", true).Set("instances.disk", 30);
  good.Set("deploy", "rolling");
  good.Set("database.mode", "dedicated").Set("database.snapshot", "newest").Set("database.version", "16");
  good.Set("database.class", "db.t4g.micro").Set("database.storage", 20).Set("database.storage_type", "gp3");
  good.Set("database.multi_az", true).Set("database.backups", 0).Set("database.on_delete", "snapshot");
  good.Set("database.password", "managed").Set("database.name", "app").Set("database.user", "app");
  good.Set("bucket.on_delete", "retain").Set("bucket.old_versions", 90);
  good.Set("logs.keep", 14).Set("logs.requests", 30);
  return good;
}

inline std::string Told(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text += (problem.at.line ? "" : "nowhere: ") + problem.text + "\n" + problem.hint + "\n";
  }
  return text;
}

}  // namespace perch::beanstalk::testing
