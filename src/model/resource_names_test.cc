#include "model/resource_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <random>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "model/readable.h"

namespace perch {
namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

bool AllLower(std::string_view text, std::string_view also) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return IsLower(c) || IsDigit(c) || also.contains(c); });
}
bool AllAlnum(std::string_view text, std::string_view also) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return IsLower(c) || IsUpper(c) || IsDigit(c) || also.contains(c); });
}

/// Lower-case letters, digits and single '-'s inside.
bool IsLabel(std::string_view text, std::size_t least, std::size_t most) {
  return text.size() >= least && text.size() <= most && AllLower(text, "-") && text.front() != '-' &&
         text.back() != '-' && !text.contains("--");
}
bool BeginsWithLetter(std::string_view text) { return !text.empty() && IsLower(text[0]); }

bool IsBucket(std::string_view name) {
  for (std::string_view start : {"xn--", "sthree-", "amzn-s3-demo-"}) {
    if (name.starts_with(start)) return false;
  }
  for (std::string_view end : {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"}) {
    if (name.ends_with(end)) return false;
  }
  return IsLabel(name, 3, 63);
}

/// (?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*
bool IsRepository(std::string_view name) {
  if (name.size() < 2 || name.size() > 256) return false;
  for (std::size_t from = 0;;) {
    const std::size_t slash = name.find('/', from);
    if (!IsLabel(name.substr(from, slash - from), 1, 256)) return false;
    if (slash == name.npos) return true;
    from = slash + 1;
  }
}

using Make = std::function<std::string(const std::string& app, const std::string& branch)>;
using IsRight = std::function<bool(std::string_view)>;
struct Kind {
  std::string name;
  Make make;
  IsRight is_right;
};

/// Every kind that is made from an app and any other text.
std::vector<Kind> Kinds() {
  using S = const std::string&;
  return {
      {"stack", [](S a, S b) { return StackNameFor(a, b); },
       [](std::string_view n) { return IsLabel(n, 1, 100) && BeginsWithLetter(n); }},
      {"environment", [](S a, S b) { return BeanstalkEnvironmentNameFor(a, b); },
       [](std::string_view n) { return IsLabel(n, 4, 40); }},
      {"cname", [](S a, S b) { return CnamePrefixFor(a, b, "123456789012"); },
       [](std::string_view n) { return IsLabel(n, 4, 63); }},
      {"bucket", [](S a, S b) { return BucketNameFor(a, b); }, IsBucket},
      {"database", [](S a, S b) { return DatabaseIdentifierFor(a, b); },
       [](std::string_view n) { return IsLabel(n, 1, 63) && BeginsWithLetter(n); }},
      {"role", [](S a, S b) { return RoleNameFor(a, b, "instance"); },
       [](std::string_view n) { return IsLabel(n, 1, 64); }},
      {"log group", [](S a, S b) { return LogGroupNameFor(a, b); },
       [](std::string_view n) { return n.starts_with("/perch/") && n.size() <= 512 && AllLower(n, "-/"); }},
      {"bundle", [](S a, S b) { return BundleKeyFor(a, b, "sha256:1", "h"); },
       [](std::string_view n) { return n.size() <= 1024 && AllLower(n, "-/"); }},
      {"application", [](S a, S b) { return ApplicationStackNameFor(a + b, "production"); },
       [](std::string_view n) { return IsLabel(n, 1, 100) && BeginsWithLetter(n) && !internal::HasTail(n); }},
      {"load balancer", [](S a, S b) { return LoadBalancerNameFor(a + b, "staging"); },
       [](std::string_view n) { return IsLabel(n, 1, 32) && !n.starts_with("internal-"); }},
      {"repository", [](S a, S b) { return RepositoryNameFor(a + b, "staging"); }, IsRepository},
      {"export", [](S a, S b) { return ExportNameFor("shop", "staging", a + b); },
       [](std::string_view n) { return n.size() <= 255 && AllAlnum(n, ":-"); }},
      {"variable", [](S a, S b) { return SecretNameFor("shop", "branch", a + b); },
       [](std::string_view n) { return n.size() <= 512 && AllAlnum(n, "/_.-"); }},
      {"logical id", [](S a, S b) { return LogicalIdFor(a + b); },
       [](std::string_view n) { return !n.empty() && n.size() <= 255 && AllAlnum(n, ""); }},
  };
}

TEST(ResourceNames, StayTheSameForEver) {
  EXPECT_EQ(StackNameFor("shop", "feature/cart"), "perch-shop-feature-cart-6ypy36jsdhye");
  EXPECT_EQ(BeanstalkEnvironmentNameFor("shop", "feature/cart"), "shop-feature-cart-6ypy36jsdhye");
  EXPECT_EQ(CnamePrefixFor("shop", "feature/cart"), "shop-feature-cart-6ypy36jsdhye");
  EXPECT_EQ(CnamePrefixFor("shop", "feature/cart", "123456789012"), "shop-feature-cart-5ua5af75idqn");
  EXPECT_EQ(BucketNameFor("shop", "feature/cart"), "perch-shop-feature-cart-6ypy36jsdhye");
  EXPECT_EQ(BucketNameFor("shop", "feature/cart", "123456789012"), "perch-shop-feature-cart-5ua5af75idqn");
  EXPECT_EQ(DatabaseIdentifierFor("shop", "feature/cart"), "perch-shop-feature-cart-6ypy36jsdhye");
  EXPECT_EQ(RoleNameFor("shop", "feature/cart", "instance"), "perch-shop-feature-cart-6ypy36jsdhye-instance");
  EXPECT_EQ(RoleNameFor("shop", "", "service"), "perch-shop-5ux3rk72cq2y-service");
  EXPECT_EQ(LogGroupNameFor("shop", "feature/cart"), "/perch/shop/feature-cart-6ypy36jsdhye");
  EXPECT_EQ(BundleFolderFor("shop", "feature/cart"), "bundles/shop/feature-cart-6ypy36jsdhye/");
  EXPECT_EQ(BundleKeyFor("shop", "feature/cart", "sha256:1", "h"),
            "bundles/shop/feature-cart-6ypy36jsdhye/1c28911cfe2fd8ea7870be5559fbfea9c539f738");
  EXPECT_EQ(ApplicationStackNameFor("shop", "production"), "perch-shop-production");
  EXPECT_EQ(BeanstalkApplicationNameFor("shop", "staging"), "perch-shop-staging");
  EXPECT_EQ(LoadBalancerNameFor("shop", "production"), "perch-shop-prod");
  EXPECT_EQ(LoadBalancerNameFor("internal", "staging"), "perch-internal-stag");
  EXPECT_EQ(LoadBalancerNameFor("a-really-long-name-of-an-app", "production"), "perch-a-really-6pzgjww6swbh-prod");
  EXPECT_EQ(RepositoryNameFor("shop", "production"), "perch/shop/production");
  EXPECT_EQ(RepositoryNameFor("Shop_2.0", "production"), "perch/shop-2-0-7ikdcs6jgpun/production");
  EXPECT_EQ(SecretNameFor("shop", "branch", "STRIPE_KEY"), "/perch/shop/branch/STRIPE_KEY");
  EXPECT_EQ(ParameterNameFor("Shop", "branch", "a b"), "/perch/Shop/branch/a-b-4i2ik5osedi2");
  EXPECT_EQ(ChangeSetNameFor("3f2a91c0", 7), "perch-7-3f2a91c0");
  EXPECT_EQ(ImageTagFor("4b825dc642cb6eb9a060e54bf8d69288fbee4904", "h"),
            "4b825dc642cb-13c31a42c4544cdbd2e44db32e08ef428cbbde6a");
  EXPECT_EQ(ExportNameFor("shop", "production", "VpcId"), "perch:shop:production:VpcId");
  EXPECT_EQ(SecurityGroupDescriptionFor("shop's app (feature/caf\xc3\xa9)"), "shop_s app (feature/caf__)");
  EXPECT_EQ(SecurityGroupDescriptionFor(""), "perch");
  EXPECT_EQ(LogicalIdFor("Queue2"), "Queue2");
  EXPECT_EQ(LogicalIdFor("my-queue"), "MyQueue7dufcbmfp7qx");
  EXPECT_EQ(LogicalIdFor(""), "X7qecy44u23ui");
}

TEST(ResourceNames, ALongAppAndALongBranchBothStayReadable) {
  EXPECT_EQ(BeanstalkEnvironmentNameFor("a-really-long-name-of-an-app", "feature/a-really-long-name"),
            "a-really-feature-a-really-l-5tcxmfiv6un6");
  EXPECT_EQ(BeanstalkEnvironmentNameFor("a-really-long-name-of-an-app", "x"),
            "a-really-long-name-of-an-x-72g2xodiqb6q");
  EXPECT_EQ(BeanstalkEnvironmentNameFor("shop", "\xf0\x9f\x90\xa6"), "shop-branch-6gkqn4xfaz64");
}

TEST(ResourceNames, NearCollisionsStayApart) {
  const std::vector<std::pair<std::string, std::string>> pairs = {{"a-b", "c"},
                                                                  {"a", "b-c"},
                                                                  {"a", "b/c"},
                                                                  {"a", "B/c"},
                                                                  {"A", "b/c"},
                                                                  {"a.b", "c"},
                                                                  {"a_b", "c"},
                                                                  {"a", "b_c"},
                                                                  {"a", "b.c"},
                                                                  {"a", "b c"},
                                                                  {"ab", "c"},
                                                                  {"a", "bc"},
                                                                  {"abc", ""},
                                                                  {"", "abc"},
                                                                  {"a", "production"},
                                                                  {"a", "staging"},
                                                                  {"a-production", "x"},
                                                                  {"a", "x-production"},
                                                                  {"a", std::string(250, 'x')},
                                                                  {"a", std::string(251, 'x')},
                                                                  {"a", std::string(4000, 'x')},
                                                                  {"a", std::string(3999, 'x') + "y"},
                                                                  {std::string(63, 'a'), "x"},
                                                                  {std::string(62, 'a'), "x"},
                                                                  {"a", "\xc3\xa4"},
                                                                  {"a", "\xc3\xb6"},
                                                                  {"a", "-x"},
                                                                  {"a", "x-"},
                                                                  {"a", "x--y"},
                                                                  {"a", "x-y"},
                                                                  {"a", "2abcdefghijk"},
                                                                  {"a", "x-2abcdefghijk"},
                                                                  {"a", "x-" + internal::Tail(std::string("a\0x", 3))},
                                                                  {"a", "x"},
                                                                  {"a", "xn--x"},
                                                                  {"a", "s3alias"}};
  for (const Kind& kind : Kinds()) {
    const bool joins = kind.make("a", "bc") == kind.make("ab", "c");  // made from one text, not from two
    std::unordered_map<std::string, std::string> owner;
    for (const auto& [app, branch] : pairs) {
      const std::string name = kind.make(app, branch);
      EXPECT_TRUE(kind.is_right(name)) << kind.name << ": " << name;
      const std::string from = joins ? app + branch : app + " and " + branch;
      const auto [at, fresh] = owner.emplace(name, from);
      EXPECT_TRUE(fresh || at->second == from) << kind.name << " " << name << ": " << from << ", " << at->second;
    }
  }
}

TEST(ResourceNames, AnApplicationIsNeverCalledAsABranch) {
  const std::string tail = internal::Tail(std::string("shop\0x", 6));
  for (const std::string& app : {std::string("shop"), "shop-x-" + tail, "shop-" + tail, tail, std::string("2abc")}) {
    for (const std::string application : {"production", "staging", "x", tail.c_str(), ""}) {
      const std::string name = ApplicationStackNameFor(app, application);
      EXPECT_FALSE(internal::HasTail(name)) << name;
      EXPECT_TRUE(IsLabel(name, 1, 100)) << name;
    }
  }
  EXPECT_TRUE(internal::HasTail(StackNameFor("shop", "production")));
}

TEST(ResourceNames, ApplicationsOfAllAppsStayApart) {
  std::set<std::string> stacks, balancers, repositories, exports;
  const std::vector<std::string> apps = {"shop",
                                         "Shop",
                                         "shop-production",
                                         "shop.x",
                                         "shop_x",
                                         "shop-x",
                                         "internal",
                                         std::string(63, 'a'),
                                         std::string(62, 'a'),
                                         "2abcdefghijk",
                                         "shop-2abcdefghijk",
                                         "shop-staging",
                                         "perch-shop",
                                         "x--y",
                                         "x-y"};
  const std::vector<std::string> applications = {"production", "staging", "other", "prod", ""};
  for (const std::string& app : apps) {
    for (const std::string& application : applications) {
      stacks.insert(ApplicationStackNameFor(app, application));
      balancers.insert(LoadBalancerNameFor(app, application));
      repositories.insert(RepositoryNameFor(app, application));
      exports.insert(ExportNameFor(app, application, "Fact"));
    }
  }
  for (const auto* names : {&stacks, &balancers, &repositories, &exports}) {
    EXPECT_EQ(names->size(), apps.size() * applications.size());
  }
}

TEST(ResourceNames, WhateverIsDeployedAnewHasANameOfItsOwn) {
  EXPECT_NE(BundleKeyFor("shop", "x", "sha256:1", "h"), BundleKeyFor("shop", "x", "sha256:2", "h"));
  EXPECT_NE(BundleKeyFor("shop", "x", "sha256:1", "h"), BundleKeyFor("shop", "x", "sha256:1", "i"));
  EXPECT_NE(BundleKeyFor("shop", "x", "ab", "c"), BundleKeyFor("shop", "x", "a", "bc"));
  EXPECT_TRUE(BundleKeyFor("shop", "x", "ab", "c").starts_with(BundleFolderFor("shop", "x")));
  const std::string tree(64, 'a'), hash(64, 'b');
  EXPECT_LE(ImageTagFor(tree, hash).size(), 128U);
  EXPECT_NE(ImageTagFor(tree, hash), ImageTagFor(tree, std::string(63, 'b') + "c"));
  EXPECT_NE(ImageTagFor(tree, hash), ImageTagFor(std::string(63, 'a') + "b", hash));
  EXPECT_NE(ImageTagFor("ab", "c"), ImageTagFor("a", "bc"));
  EXPECT_LE(ChangeSetNameFor(tree, ~std::uint64_t(0)).size(), 128U);
  EXPECT_NE(ChangeSetNameFor("1-a", 1), ChangeSetNameFor("a", 11));
  EXPECT_NE(RoleNameFor("shop", "x", "instance"), RoleNameFor("shop", "x", "service"));
  EXPECT_LE(SecurityGroupDescriptionFor(std::string(300, '"')).size(), 255U);
}

TEST(ResourceNames, ALogicalIdThatLooksLikeATailGetsOne) {
  const std::string made = LogicalIdFor("my-queue");
  EXPECT_NE(LogicalIdFor(made), made);
  EXPECT_NE(LogicalIdFor("MyQueue"), made);
  EXPECT_NE(LogicalIdFor("my_queue"), made);
}

/// Branch names as people, tools and attackers write them; the same for the same seed.
class BranchNames {
 public:
  std::string Next() {
    static const std::vector<std::string> words = {"cart", "login", "Cart", "fix", "a", "b", "JIRA-12", "2", "x"};
    static const std::vector<std::string> starts = {"feature/", "feature-", "Feature/", "", "dependabot/npm/", "fix/"};
    static const std::string hostile = "ab-/A._#+@=%'\"$(){}!;&|<>,\x7f\xc3\xa4\xf0\x9f\x90\xa6\x01 2";
    std::string name;
    switch (random_() % 4) {
      case 0:
        name = starts[random_() % starts.size()] + words[random_() % words.size()] + "-" + std::to_string(random_());
        return name;
      case 1:
        name = starts[random_() % starts.size()];
        for (std::size_t n = 1 + random_() % 5; n > 0; --n) name += words[random_() % words.size()] + "-/_."[n % 4];
        return name;
      case 2:
        for (std::size_t n = 1 + random_() % 12; n > 0; --n) name += hostile[random_() % hostile.size()];
        return name;
      default:
        name = std::string(random_() % 1000 == 0 ? 4000 : random_() % 100, "ab-"[random_() % 3]);
        return name + std::to_string(random_() % 100'000);
    }
  }
  std::mt19937 random_{7};
};

/// A million take a minute with sanitizers: PERCH_TEST_NAMES=1000000, which the test model_million_names sets.
int HowMany() {
  const char* asked = std::getenv("PERCH_TEST_NAMES");
  return asked ? std::atoi(asked) : 40'000;
}

TEST(ResourceNames, ManyBranchesShareNothingAndBreakNoLimit) {
  const int count = HowMany();
  BranchNames names;
  const std::vector<std::string> apps = {"shop", "Shop", "a-b", "a", std::string(63, 'q'), "2.0_x"};
  const std::vector<Kind> kinds = Kinds();
  const Kind& stack = kinds.front();
  std::unordered_map<std::uint64_t, std::uint64_t> owner;  // hash of the stack's name -> hash of what it was made from
  owner.reserve(static_cast<std::size_t>(count));
  const auto hash = [](const std::string& text) { return std::uint64_t(std::hash<std::string>()(text)); };
  // All kinds made from a branch hold the same tail; so it is enough to look for collisions in one, and at the shape of
  // each in turn.
  for (int i = 0; i < count; ++i) {
    const std::string& app = apps[names.random_() % apps.size()];
    const std::string branch = names.Next();
    const std::string name = stack.make(app, branch);
    const std::uint64_t from = hash(app + '\0' + branch);
    const auto [at, fresh] = owner.emplace(hash(name), from);
    ASSERT_TRUE(fresh || at->second == from) << app << " " << branch << " -> " << name;
    if (!stack.is_right(name)) FAIL() << name;
    const Kind& kind = kinds[static_cast<std::size_t>(i) % kinds.size()];
    const std::string other = kind.make(app, branch);
    if (!kind.is_right(other)) FAIL() << kind.name << ": " << other;
  }
}

TEST(ResourceNames, EveryKindKeepsManyNamesApart) {
  for (const Kind& kind : Kinds()) {
    BranchNames names;
    std::unordered_map<std::string, std::string> owner;
    for (int i = 0; i < 2'000; ++i) {
      const std::string branch = names.Next();
      const std::string name = kind.make("shop", branch);
      const auto [at, fresh] = owner.emplace(name, branch);
      ASSERT_TRUE(fresh || at->second == branch) << kind.name << " " << name;
    }
  }
}

TEST(ResourceNames, BeginAlikeForAllBranchesOfAnApp) {
  EXPECT_EQ(NamesBeginWith("shop"), "perch-shop-");
  EXPECT_EQ(NamesBeginWith("a-very-long-name-for-an-app"), "perch-a-very-long-name-for");
  for (const std::string app : {"shop", "a-very-long-name-for-an-app", "Sh op", "x"}) {
    EXPECT_LE(NamesBeginWith(app).size(), 27u);
    for (const std::string& branch : {std::string("x"), std::string("feature/cart"), std::string(250, 'b')}) {
      EXPECT_THAT(StackNameFor(app, branch), testing::StartsWith(NamesBeginWith(app)));
    }
  }
  for (const std::string application : {"production", "staging"}) {
    EXPECT_THAT(ApplicationStackNameFor("shop", application), testing::StartsWith(NamesBeginWith("shop")));
  }
}

}  // namespace
}  // namespace perch
