#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// What things are called that belong to an app or to one of its branches, wherever they live. All of it is pure and
/// the same for ever; golden values in the test guard that. Nothing is ever found by taking a name apart: tags say what
/// a thing is (model/tags.h).
///
/// `app` and `branch` may hold any bytes but NUL. Where a branch takes part, the name ends in, or holds, a tail: 57
/// bits of SHA-256 over (app, NUL, branch). `application` is "production" or "staging". Limits are those of AWS's
/// service models; all names are in lower case unless said, since some services compare without case.
namespace perch {

/// The CloudFormation stack of a branch: "perch-shop-feature-cart-4qmz7…"; at most 100 of the 128 characters allowed,
/// since CloudFormation makes other names from it.
std::string StackNameFor(std::string_view app, std::string_view branch);

/// The stack of an app's production or staging: "perch-shop-production"; never the stack name of a branch, of any app.
std::string ApplicationStackNameFor(std::string_view app, std::string_view application);

/// What the stacks of an app and all that CloudFormation names after them begin with, in IAM policies: "perch-shop-".
/// At most 27 characters, since CloudFormation shortens the names that it makes; a long app's is cut, and so is that of
/// others that begin alike.
std::string NamesBeginWith(std::string_view app);

/// 1 to 100 characters: "perch-shop-production".
std::string BeanstalkApplicationNameFor(std::string_view app, std::string_view application);

/// 4 to 40 characters, letters, digits and '-': "shop-feature-cart-4qmz7…".
std::string BeanstalkEnvironmentNameFor(std::string_view app, std::string_view branch);

/// 4 to 63 characters, a DNS label. It must be unique in the region among all accounts: `account`, when given, takes
/// part in the tail.
std::string CnamePrefixFor(std::string_view app, std::string_view branch, std::string_view account = "");

/// 3 to 63 characters of a-z, 0-9 and '-', with none of S3's reserved beginnings and endings; also good for a folder.
/// Buckets are unique among all accounts: `account`, when given, takes part in the tail.
std::string BucketNameFor(std::string_view app, std::string_view branch, std::string_view account = "");

/// An RDS identifier: 1 to 63 characters, a letter first, no two '-' in a row; also good for a folder.
std::string DatabaseIdentifierFor(std::string_view app, std::string_view branch);

/// At most 32 characters: "perch-shop-prod".
std::string LoadBalancerNameFor(std::string_view app, std::string_view application);

/// At most 64 characters. `purpose` keeps several roles apart: "instance". `branch` "" for one of the whole app.
std::string RoleNameFor(std::string_view app, std::string_view branch, std::string_view purpose);

/// An ECR repository, 2 to 256 characters: "perch/shop/production".
std::string RepositoryNameFor(std::string_view app, std::string_view application);

/// At most 512 characters: "/perch/shop/feature-cart-4qmz7…".
std::string LogGroupNameFor(std::string_view app, std::string_view branch);

/// Where a secret variable of a profile is kept: "/perch/shop/branch/STRIPE_KEY". Keeps case, as both services do. At
/// most 512 characters (Secrets Manager; Parameter Store allows 1,011).
std::string SecretNameFor(std::string_view app, std::string_view profile, std::string_view variable);
std::string ParameterNameFor(std::string_view app, std::string_view profile, std::string_view variable);

/// At most 128 characters: "perch-7-3f2a91c…". `generation` is the one that the deployment is planned for.
std::string ChangeSetNameFor(std::string_view commit, std::uint64_t generation);

/// A tag in a container registry, at most 128 characters; another one for another tree or another way to build it.
std::string ImageTagFor(std::string_view tree, std::string_view build_hash);

/// The S3 key of a source bundle, at most 1,024 bytes, without an extension; another one whenever the image or the
/// settings are others. All of a branch's lie under BundleFolderFor.
std::string BundleKeyFor(std::string_view app, std::string_view branch, std::string_view image_digest,
                         std::string_view settings_hash);

/// "bundles/shop/feature-cart-4qmz7…/".
std::string BundleFolderFor(std::string_view app, std::string_view branch);

/// An export of the application's stack, at most 255 characters: "perch:shop:production:VpcId". `fact` keeps its case.
std::string ExportNameFor(std::string_view app, std::string_view application, std::string_view fact);

/// `text` as EC2 allows it (1 to 255 characters; others become '_'). Not unique, and fixed once the group is made.
std::string SecurityGroupDescriptionFor(std::string_view text);

/// A logical id of CloudFormation from any text: letters and digits, at most 255; a tail when something had to go. No
/// two texts share one.
std::string LogicalIdFor(std::string_view text);

}  // namespace perch
