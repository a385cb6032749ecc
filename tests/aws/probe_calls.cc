// Every call of src/aws, one line each: "ok NAME", "failed NAME: why", or "unanswered NAME: why" where the peer has no
// such operation.
#include <cstdlib>
#include <functional>
#include <iostream>

#include "aws/cloudformation.h"
#include "aws/credential_chain.h"
#include "aws/ecr.h"
#include "aws/elasticbeanstalk.h"
#include "aws/logs.h"
#include "aws/parameters.h"
#include "aws/rds.h"
#include "aws/route53.h"
#include "aws/s3.h"
#include "aws/s3_emptying.h"
#include "aws/sts.h"
#include "aws/tagging.h"
#include "probe.h"

namespace perch::aws {
namespace {

const std::string kTemplate =
    R"({"Resources":{"B":{"Type":"AWS::S3::Bucket"}},"Outputs":{"Name":{"Value":{"Ref":"B"}}}})";
const std::string kChangedTemplate =
    R"({"Resources":{"B":{"Type":"AWS::S3::Bucket"},"C":{"Type":"AWS::S3::Bucket"}},"Outputs":{"Name":{"Value":{"Ref":"B"}}}})";

int failed = 0;

void Tell(const std::string& name, const Failure* failure, const std::string& wrong = "") {
  if (failure && failure->cause == Cause::kServer) {
    std::cout << "unanswered " << name << ": " << Error(*failure).Text() << "\n";
    return;
  }
  if (failure || !wrong.empty()) {
    ++failed;
    std::cout << "failed " << name << ": " << (failure ? Error(*failure).Text() : wrong) << "\n";
    return;
  }
  std::cout << "ok " << name << "\n";
}

/// `wrong` says what is not as it must be with a good answer; "" for nothing.
template <typename T>
T Check(const std::string& name, Answer<T> answer, const std::function<std::string(const T&)>& wrong = {}) {
  Tell(name, answer ? nullptr : &answer.error(), answer && wrong ? wrong(*answer) : "");
  return answer ? std::move(*answer) : T();
}

void Check(const std::string& name, const Answer<void>& answer) { Tell(name, answer ? nullptr : &answer.error()); }

template <typename T>
void CheckIs(const std::string& name, const Answer<T>& answer, Outcome outcome) {
  if (answer)
    Tell(name, nullptr, "went well, and must not");
  else if (answer.error().outcome != outcome)
    Tell(name, &answer.error());
  else
    Tell(name, nullptr);
}

template <typename T>
std::function<std::string(const std::vector<T>&)> Has(std::size_t least) {
  return [least](const std::vector<T>& list) {
    return list.size() >= least ? "" : "has only " + std::to_string(list.size()) + " elements";
  };
}

std::string Differs(const std::string& got, const std::string& wanted) {
  return got == wanted ? "" : "is '" + got + "' and not '" + wanted + "'";
}

void CloudFormationCalls(const Client& client) {
  const CloudFormation cfn(client);
  CheckIs("DescribeStacks of none", cfn.DescribeStack("perch-none"), Outcome::kNotFound);
  ChangeSetRequest request{.stack = "perch-probe",
                           .name = "first",
                           .create = true,
                           .template_body = kTemplate,
                           .tags = {{"branch", "feature/x y+&=ü"}, {"perch", "yes"}},
                           .capabilities = {"CAPABILITY_NAMED_IAM"},
                           .description = "probe",
                           .token = Client::NewToken()};
  const ChangeSetIds ids = Check<ChangeSetIds>("CreateChangeSet", cfn.CreateChangeSet(request));
  Check<ChangeSet>("DescribeChangeSet", cfn.DescribeChangeSet(ids.change_set), [](const ChangeSet& set) {
    return set.changes.size() == 1 && set.changes[0].type == "AWS::S3::Bucket" ? "" : "has not the change";
  });
  Check("ExecuteChangeSet", cfn.ExecuteChangeSet(ids.change_set, Client::NewToken()));
  const Stack stack = Check<Stack>("DescribeStacks by id", cfn.DescribeStack(ids.stack), [](const Stack& s) {
    const auto tag = s.tags.find("branch");
    return tag == s.tags.end() ? "has no tag" : Differs(tag->second, "feature/x y+&=ü");
  });
  Check<Stack>("DescribeStacks by name", cfn.DescribeStack("perch-probe"),
               [&](const Stack& s) { return Differs(s.id, stack.id); });
  Check<std::vector<Stack>>("DescribeStacks", cfn.DescribeStacks().All(), Has<Stack>(52));
  Check<std::vector<StackResource>>("ListStackResources", cfn.ListStackResources(stack.id).All(),
                                    Has<StackResource>(1));
  Check<std::vector<StackEvent>>("DescribeStackEvents", cfn.DescribeStackEvents(stack.id).All(), Has<StackEvent>(1));
  Check<std::string>("GetTemplate", cfn.GetTemplate(stack.id), [](const std::string& text) {
    return text.find("AWS::S3::Bucket") == text.npos ? "is not the template" : "";
  });
  request = {.stack = "perch-probe", .name = "second", .template_body = kChangedTemplate, .token = Client::NewToken()};
  const ChangeSetIds second = Check<ChangeSetIds>("CreateChangeSet UPDATE", cfn.CreateChangeSet(request));
  Check("DeleteChangeSet", cfn.DeleteChangeSet(second.change_set));
  request = {.stack = "perch-probe", .name = "same", .template_body = kTemplate, .token = Client::NewToken()};
  const ChangeSetIds same = Check<ChangeSetIds>("CreateChangeSet of nothing", cfn.CreateChangeSet(request));
  Check<ChangeSet>("DescribeChangeSet of nothing", cfn.DescribeChangeSet(same.change_set),
                   [](const ChangeSet& set) { return set.nothing_to_do ? "" : "is not known as nothing to do"; });
  Check("UpdateTerminationProtection", cfn.UpdateTerminationProtection(stack.id, true));
  Check("ContinueUpdateRollback", cfn.ContinueUpdateRollback(stack.id, Client::NewToken(), {"B"}));
  Check("CancelUpdateStack", cfn.CancelUpdateStack(stack.id, Client::NewToken()));
  Check("DeleteStack", cfn.DeleteStack(stack.id, Client::NewToken()));
  CheckIs("DescribeStacks after the delete", cfn.DescribeStack("perch-probe"), Outcome::kNotFound);
}

void S3Calls(const Client& client) {
  const S3 s3(client);
  const std::string bucket = "perch-probe";
  Check("HeadBucket", s3.HeadBucket(bucket));
  CheckIs("HeadBucket of none", s3.HeadBucket("perch-none"), Outcome::kNotFound);
  Check<std::string>("GetBucketLocation", s3.BucketRegion(bucket),
                     [](const std::string& r) { return Differs(r, "eu-central-1"); });
  CheckIs("GetObject of none", s3.GetObject(bucket, "none"), Outcome::kNotFound);
  const std::string etag =
      Check<std::string>("PutObject", s3.PutObject(bucket, "dir/key", "hello", {.metadata = {{"head", "abc"}}}));
  CheckIs("PutObject only if absent", s3.PutObject(bucket, "dir/key", "x", {.only_if_absent = true}),
          Outcome::kConflict);
  Check<std::string>("PutObject if match", s3.PutObject(bucket, "dir/key", "again", {.if_match = etag}));
  CheckIs("PutObject if another",
          s3.PutObject(bucket, "dir/key", "x", {.if_match = "\"d41d8cd98f00b204e9800998ecf8427e\""}),
          Outcome::kConflict);
  Check<Object>("GetObject", s3.GetObject(bucket, "dir/key"), [](const Object& o) { return Differs(o.body, "again"); });
  Check<Object>("HeadObject", s3.HeadObject(bucket, "dir/key"),
                [](const Object& o) { return o.size == 5 ? "" : "has another size"; });
  CheckIs("HeadObject of none", s3.HeadObject(bucket, "none"), Outcome::kNotFound);
  Check<std::vector<ObjectSummary>>("ListObjectsV2", s3.ListObjects(bucket).All(), Has<ObjectSummary>(1001));
  Check<std::vector<ObjectVersion>>("ListObjectVersions", s3.ListObjectVersions(bucket).All(),
                                    Has<ObjectVersion>(1001));
  Check<std::vector<MultipartUpload>>("ListMultipartUploads", s3.ListMultipartUploads(bucket).All(),
                                      Has<MultipartUpload>(1));
  Check("DeleteObject", s3.DeleteObject(bucket, "dir/key"));
  Check<EmptyingReport>("EmptyBucket", EmptyBucket(s3, bucket), [](const EmptyingReport& r) {
    return r.deleted > 1000 && r.uploads_aborted == 1 && r.Empty() ? "" : "left something";
  });
  Check<std::vector<ObjectVersion>>("ListObjectVersions of nothing", s3.ListObjectVersions(bucket).All(),
                                    [](const auto& list) { return list.empty() ? "" : "has something"; });
}

void BeanstalkCalls(const Client& client) {
  const ElasticBeanstalk eb(client);
  Check<std::vector<BeanstalkEnvironment>>("DescribeEnvironments", eb.DescribeEnvironments("perch-probe").All());
  Check<std::vector<BeanstalkEvent>>("DescribeEvents", eb.DescribeEvents("perch-probe", "perch-env", Time()).All());
  Check<std::vector<PlatformVersion>>("ListPlatformVersions",
                                      eb.ListPlatformVersions("Docker running on 64bit Amazon Linux 2023"));
  Check<std::vector<ApplicationVersion>>("DescribeApplicationVersions",
                                         eb.DescribeApplicationVersions("perch-probe").All());
  Check("DeleteApplicationVersion", eb.DeleteApplicationVersion("perch-probe", "v1"));
  Check("RequestEnvironmentInfo", eb.RequestEnvironmentInfo("perch-env"));
  Check<std::vector<EnvironmentInfo>>("RetrieveEnvironmentInfo", eb.RetrieveEnvironmentInfo("perch-env"));
  Check("UpdateEnvironment", eb.UpdateEnvironment("perch-env", {{"aws:autoscaling:asg", "MinSize", "0"}}));
  Check<BeanstalkQuotas>("DescribeAccountAttributes", eb.DescribeAccountAttributes());
}

void OtherCalls(const Client& client) {
  const Rds rds(client);
  Check<std::vector<DatabaseInstance>>("DescribeDBInstances", rds.DescribeDBInstances().All(),
                                       Has<DatabaseInstance>(1));
  CheckIs("DescribeDBInstances of none", rds.DescribeDBInstances("none").All(), Outcome::kNotFound);
  Check<std::vector<DatabaseSnapshot>>("DescribeDBSnapshots", rds.DescribeDBSnapshots("perch-db").All(),
                                       Has<DatabaseSnapshot>(1));
  Check("DeleteDBSnapshot", rds.DeleteDBSnapshot("perch-snapshot"));
  CheckIs("DeleteDBSnapshot of none", rds.DeleteDBSnapshot("perch-snapshot"), Outcome::kNotFound);

  const Route53 dns(client);
  const std::vector<HostedZone> zones = Check<std::vector<HostedZone>>(
      "ListHostedZonesByName", dns.FindHostedZones("preview.example.com"), Has<HostedZone>(1));
  if (!zones.empty()) {
    Check<std::vector<RecordSet>>("ListResourceRecordSets", dns.ListResourceRecordSets(zones[0].id).All(),
                                  [](const auto& records) {
                                    for (const RecordSet& record : records) {
                                      if (record.name == "*.preview.example.com." && record.type == "CNAME") return "";
                                    }
                                    return "has no wildcard record";
                                  });
  }
  const Ecr ecr(client);
  Check<RegistryLogin>("GetAuthorizationToken", ecr.GetAuthorizationToken(),
                       [](const RegistryLogin& login) { return Differs(login.user, "AWS"); });
  ImageManifest image = Check<ImageManifest>("BatchGetImage", ecr.BatchGetImage("perch-probe", {.tag = "one"}));
  if (image.manifest.empty()) image.manifest = "{}";
  CheckIs("BatchGetImage of none", ecr.BatchGetImage("perch-probe", {.tag = "none"}), Outcome::kNotFound);
  Check("PutImage", ecr.PutImage("perch-probe", image, "two"));
  Check<std::vector<RepositoryImage>>("DescribeImages", ecr.DescribeImages("perch-probe").All(),
                                      Has<RepositoryImage>(1));
  Check<std::vector<ImageFailure>>("BatchDeleteImage", ecr.BatchDeleteImage("perch-probe", {{.tag = "two"}}),
                                   [](const auto& failures) { return failures.empty() ? "" : failures[0].reason; });
  CheckIs("DescribeImages of no repository", ecr.DescribeImages("none").All(), Outcome::kNotFound);

  const Logs logs(client);
  Check<std::vector<LogGroup>>("DescribeLogGroups", logs.DescribeLogGroups("/perch/").All(), Has<LogGroup>(51));
  Check<std::vector<LogStream>>("DescribeLogStreams", logs.DescribeLogStreams("/perch/0").All(), Has<LogStream>(1));
  Check<std::vector<LogEvent>>("FilterLogEvents",
                               logs.FilterLogEvents("/perch/0", Time(std::chrono::milliseconds(1)), {"s"}).All(),
                               Has<LogEvent>(1));
  Check("DeleteLogGroup", logs.DeleteLogGroup("/perch/0"));
  CheckIs("DeleteLogGroup of none", logs.DeleteLogGroup("/perch/0"), Outcome::kNotFound);

  const Ssm ssm(client);
  std::vector<std::string> names;
  for (int i = 0; i < 12; ++i) {
    names.push_back("/perch/probe/" + std::to_string(i));
    Check("PutParameter", ssm.PutParameter(names.back(), Secret("value")));
  }
  Check<std::vector<Parameter>>("GetParametersByPath", ssm.GetParametersByPath("/perch/probe/").All(),
                                Has<Parameter>(12));
  Check("DeleteParameters", ssm.DeleteParameters(names));

  const SecretsManager secrets(client);
  Check<std::vector<StoredSecret>>("ListSecrets", secrets.ListSecrets().All(), Has<StoredSecret>(1));
  Check<StoredSecret>("DescribeSecret", secrets.DescribeSecret("perch-secret"));
  Check("DeleteSecret", secrets.DeleteSecret("perch-secret"));
  CheckIs("DescribeSecret of none", secrets.DescribeSecret("none"), Outcome::kNotFound);

  Check<std::vector<TaggedResource>>("GetResources", Tagging(client).GetResources({{"perch", "probe"}}).All(),
                                     Has<TaggedResource>(1));
  const char* const certificate = std::getenv("PROBE_CERTIFICATE");
  Check<Certificate>("DescribeCertificate", Acm(client).DescribeCertificate(certificate ? certificate : ""),
                     [](const Certificate& c) { return Differs(c.domain, "*.preview.example.com"); });
}

/// One of each protocol, with names that moto's own check of signatures can take.
void SignedCalls(const Client& client) {
  const S3 s3(client);
  Check<std::string>("PutObject", s3.PutObject("perch-probe", "plain", "hello"));
  Check<Object>("GetObject", s3.GetObject("perch-probe", "plain"));
  Check("DeleteObject", s3.DeleteObject("perch-probe", "plain"));
  Check("PutParameter", Ssm(client).PutParameter("/perch/signed", Secret("value")));
  ChangeSetRequest request{.stack = "perch-signed",
                           .name = "one",
                           .create = true,
                           .template_body = kTemplate,
                           .tags = {{"branch", "a b+&=ü~*"}}};
  Check<ChangeSetIds>("CreateChangeSet", CloudFormation(client).CreateChangeSet(request));
}

}  // namespace

int MakeCalls(bool signed_only) {
  const std::unique_ptr<net::Transport> transport = net::MakeTransport();
  const Surroundings surroundings = RealSurroundings(*transport, ProbeClock());
  Result<SharedConfig> config = ReadSharedConfig(surroundings);
  if (!config) return Complain(config.error());
  Result<Endpoints> endpoints = Endpoints::Read(surroundings, *config);
  if (!endpoints) return Complain(endpoints.error());
  const Client client({.transport = transport.get(),
                       .credentials = FindCredentials(surroundings, *config, *endpoints, "eu-central-1"),
                       .region = "eu-central-1",
                       .endpoints = *endpoints,
                       .clock = ProbeClock(),
                       .retry = {.max_attempts = 1}});
  const Sts sts(client);
  Check<CallerIdentity>("GetCallerIdentity", sts.GetCallerIdentity());
  if (signed_only) {
    SignedCalls(client);
    return failed ? 1 : 0;
  }
  const AssumeRoleRequest role{.role_arn = "arn:aws:iam::123456789012:role/perch-probe",
                               .session_name = "probe",
                               .external_id = "external",
                               .duration_seconds = 900,
                               .web_identity_token = Secret("token")};
  Check<Credentials>("AssumeRole", sts.AssumeRole(role));
  Check<Credentials>("AssumeRoleWithWebIdentity", sts.AssumeRoleWithWebIdentity(role));
  CloudFormationCalls(client);
  S3Calls(client);
  BeanstalkCalls(client);
  OtherCalls(client);
  return failed ? 1 : 0;
}

}  // namespace perch::aws
