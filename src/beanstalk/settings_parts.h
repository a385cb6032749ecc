#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "beanstalk/settings.h"

/// The parts that ReadAwsSettings is made of; of no interest to others.
namespace perch::beanstalk {

/// Typed reads of a resolved tree by path, "aws.vpc.id", and the list of what is wrong in it.
class Tree {
 public:
  Tree(const Value& values, std::vector<Problem>& problems) : values_(values), problems_(problems) {}

  const Value* At(std::string_view path) const;
  bool Has(std::string_view path) const { return At(path) != nullptr; }
  /// Whether a person wrote it; false when it is a default or absent.
  bool IsWritten(std::string_view path) const;
  std::string Text(std::string_view path) const;
  std::optional<int> MaybeNumber(std::string_view path) const;
  int Number(std::string_view path, int otherwise) const { return MaybeNumber(path).value_or(otherwise); }
  bool Flag(std::string_view path) const;
  std::vector<std::string> Texts(std::string_view path) const;

  /// "2", or "2 (perch's production)" for what nobody wrote.
  std::string Told(std::string_view path) const;
  /// Where a value stands; of a missing one, the key of the nearest map around it that is written.
  Source Place(std::string_view path) const;

  void Complain(std::string_view path, std::string text, std::string hint) { Add(Place(path), text, hint); }
  void Add(Source at, std::string text, std::string hint);

 private:
  const Value& values_;
  std::vector<Problem>& problems_;
};

void ReadPlace(Tree& tree, AwsSettings& settings);
void ReadNetwork(Tree& tree, AwsSettings& settings);
void ReadInstances(Tree& tree, AwsSettings& settings);
void ReadDatabase(Tree& tree, AwsSettings& settings);
void ReadApp(Tree& tree, AwsSettings& settings);
void ReadTemplates(Tree& tree, AwsSettings& settings);

/// A value that a person wrote, for a message: in backticks, at most 60 bytes of it.
std::string Quoted(std::string_view text);

/// An ARN's parts (IAM user guide, "Identify AWS resources with ARNs").
struct Arn {
  std::string partition, service, region, account, resource;
};
std::optional<Arn> ParseArn(std::string_view text);

bool AllOf(std::string_view text, std::string_view characters);

inline constexpr std::string_view kDigits = "0123456789";
inline constexpr std::string_view kLowerLetters = "abcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view kLettersAndDigits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

}  // namespace perch::beanstalk
