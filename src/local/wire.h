#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::local {

/// Puts values into one string of bytes, for a pipe between two processes of the same program.
class Packer {
 public:
  Packer& Add(std::int64_t number);
  Packer& Add(std::string_view text);
  Packer& Add(const std::vector<std::string>& texts);
  Packer& Add(const std::map<std::string, std::string>& pairs);
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Takes out what a Packer put in, in the same order. After a value that is not there, `ok` is false and all further
/// ones are empty.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
  std::int64_t Number();
  std::string Text();
  std::vector<std::string> Texts();
  std::map<std::string, std::string> Pairs();
  bool ok() const { return ok_; }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace perch::local
