#pragma once

#include <string>
#include <string_view>

namespace perch {

/// The branch's DNS label: 1 to 63 characters of a-z 0-9 '-', not starting or ending with '-'; the same for ever; no
/// two branches share one.
///
/// - A plain label stays as it is:               demo-cart      -> demo-cart
/// - A usual prefix keeps its looks:             feature/cart   -> feature-cart
/// - Everything else gets a tail of its hash:    Feature/Cart   -> feature-cart-4qmz7...
///   also a plain label that looks like one of the two other kinds (feature-cart, a hash tail), like a reserved name
///   (www, perch), or like an IDN label (xn--).
/// The tail is 12 characters of base 32 (57 bits), its first a digit.
std::string SlugFor(std::string_view branch);

/// Whether `text` could be the result of SlugFor.
bool IsSlug(std::string_view text);

}  // namespace perch
