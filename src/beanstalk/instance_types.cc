#include "beanstalk/instance_types.h"

#include <algorithm>
#include <vector>

#include "base/suggest.h"
#include "base/text.h"
#include "beanstalk/settings_parts.h"

namespace perch::beanstalk {
namespace {

constexpr std::string_view kInstanceFamilies =
    "a1 c3 c4 c5 c5a c5ad c5d c5n c6a c6g c6gd c6gn c6i c6id c6in c7a c7g c7gd c7gn c7i c7i-flex c8a c8g c8gb c8gd "
    "c8gn c8i c8i-flex c8ib c8id c8in d2 d3 d3en dl1 f1 f2 g3 g3s g4ad g4dn g5 g5g g6 g6e g6f g7e gr6 gr6f h1 hpc6a "
    "hpc6id hpc7a hpc7g hpc8a i2 i3 i3en i4g i4i i7i i7ie i8g i8ge im4gn inf1 inf2 is4gen m3 m4 m5 m5a m5ad m5d m5dn "
    "m5n m5zn m6a m6g m6gd m6i m6id m6idn m6in m7a m7g m7gd m7i m7i-flex m8a m8azn m8g m8gb m8gd m8gn m8i m8i-flex "
    "m8ib m8id m8idn m8in p3 p3dn p4d p4de p5 p5e p5en r3 r4 r5 r5a r5ad r5b r5d r5dn r5n r6a r6g r6gd r6i r6id r6idn "
    "r6in r7a r7g r7gd r7i r7iz r8a r8g r8gb r8gd r8gn r8i r8i-flex r8ib r8id r8idn r8in t2 t3 t3a t4g trn1 trn1n trn2 "
    "vt1 x1 x1e x2gd x2idn x2iedn x2iezn x8aedz x8g x8i z1d";

constexpr std::string_view kDatabaseFamilies =
    "m3 m4 m5 m5d m6g m6gd m6i m6id m6idn m6in m7g m7i m8g m8gd r3 r4 r5 r5b r5d r6g r6gd r6i r6id r6idn r6in r7g r7i "
    "r8g r8gd t2 t3 t4g x2g x2idn x2iedn";

bool IsSize(std::string_view size) {
  constexpr std::string_view kPlain[] = {"nano", "micro", "small", "medium", "large", "xlarge", "metal"};
  if (std::find(std::begin(kPlain), std::end(kPlain), size) != std::end(kPlain)) return true;
  const auto counted = [](std::string_view text, std::string_view end) {
    if (!text.ends_with(end)) return false;
    text.remove_suffix(end.size());
    return !text.empty() && text.size() <= 3 && text[0] != '0' && AllOf(text, kDigits);
  };
  return counted(size, "xlarge") || (size.starts_with("metal-") && counted(size.substr(6), "xl"));
}

std::optional<TypeProblem> CheckType(std::string_view type, std::string_view families, const std::string& sample,
                                     const std::string& of) {
  const std::size_t dot = type.find('.');
  const std::string family(type.substr(0, dot));
  if (dot == type.npos || family.empty() || !IsSize(type.substr(dot + 1))) {
    return TypeProblem{Quoted(type) + " is no " + of, "One is written family.size, such as " + sample + "."};
  }
  const std::vector<std::string> known = Split(families, ' ');
  if (std::find(known.begin(), known.end(), family) != known.end()) return std::nullopt;
  std::vector<std::string> alike;  // families are short: another first letter is another family, not a slip
  std::copy_if(known.begin(), known.end(), std::back_inserter(alike), [&](const auto& f) { return f[0] == family[0]; });
  const std::string nearest = DidYouMean(family, alike);
  return TypeProblem{"there is no family " + Quoted(family) + " of " + of + (of.ends_with("s") ? "es" : "s"),
                     nearest.empty() ? "Take one such as " + sample + "." : "D" + nearest.substr(1)};
}

}  // namespace

std::optional<TypeProblem> CheckInstanceType(std::string_view type) {
  return CheckType(type, kInstanceFamilies, "t3.micro", "instance type");
}

std::optional<TypeProblem> CheckDatabaseClass(std::string_view type) {
  if (!type.starts_with("db.")) {
    return TypeProblem{Quoted(type) + " is no database class", CheckType(type, kDatabaseFamilies, "", "")
                                                                   ? "One begins with `db.`, such as db.t4g.micro."
                                                                   : "Write db." + std::string(type) + "."};
  }
  std::optional<TypeProblem> problem = CheckType(type.substr(3), kDatabaseFamilies, "db.t4g.micro", "database class");
  if (problem && problem->why.ends_with("is no database class")) problem->why = Quoted(type) + " is no database class";
  if (problem && problem->why.starts_with("there is no family")) problem->why += " for PostgreSQL";
  return problem;
}

Architecture ArchitectureOf(std::string_view instance_type) {
  const std::string_view family = instance_type.substr(0, instance_type.find('.'));
  if (family == "a1") return Architecture::kArm64;
  const std::size_t generation = family.find_first_of(kDigits);
  if (generation == family.npos) return Architecture::kX86_64;
  std::string_view attributes = family.substr(generation);
  attributes = attributes.substr(0, attributes.find('-'));
  return attributes.find('g') != attributes.npos ? Architecture::kArm64 : Architecture::kX86_64;
}

}  // namespace perch::beanstalk
