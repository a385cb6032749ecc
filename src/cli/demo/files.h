#pragma once

#include <span>
#include <string_view>

namespace perch::demo {

/// A file that was built into the binary.
struct EmbeddedFile {
  std::string_view path;  ///< relative, with '/'
  std::string_view content;
};

/// The sample shop: examples/shop.
std::span<const EmbeddedFile> ShopFiles();

/// The commits of the sample shop's branches: src/cli/demo/changes.
std::span<const EmbeddedFile> ChangeFiles();

}  // namespace perch::demo
