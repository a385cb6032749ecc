#include "aws/s3.h"

#include "aws/base64.h"
#include "aws/times.h"
#include "aws/xml.h"
#include "base/digest.h"
#include "base/text.h"

namespace perch::aws {
namespace {

constexpr std::string_view kMetadata = "x-amz-meta-";

Call CallOn(const std::string& bucket, const std::string& operation, const std::string& method) {
  return {.service = Service::kS3, .operation = operation, .method = method, .bucket = bucket};
}

Call CallOn(const std::string& bucket, const std::string& key, const std::string& operation,
            const std::string& method) {
  Call call = CallOn(bucket, operation, method);
  call.path = "/" + EscapePath(key);
  return call;
}

Object ReadObject(const net::RemoteResponse& response) {
  Object object{.etag = HeaderOf(response.headers, "ETag"),
                .content_type = HeaderOf(response.headers, "Content-Type"),
                .version_id = HeaderOf(response.headers, "x-amz-version-id"),
                .size = ParseNumber(HeaderOf(response.headers, "Content-Length")).value_or(0)};
  for (const auto& [name, value] : response.headers) {
    const std::string lower = ToLower(name);
    if (lower.starts_with(kMetadata)) object.metadata[lower.substr(kMetadata.size())] = value;
  }
  return object;
}

/// A key as a list with encoding-type=url has it: any byte may be in one, and XML takes not all.
std::string Decode(std::string text, bool encoded) {
  if (!encoded) return text;
  for (char& c : text) {
    if (c == '+') c = ' ';
  }
  return PercentDecode(text).value_or(text);
}

bool NeedsItsOwnDelete(const std::string& key) {
  for (const char c : key) {
    if (static_cast<unsigned char>(c) < 0x20) return true;  // no XML 1.0 can name it
  }
  return !IsUtf8(key);
}

/// What an operation needs (S3 itself only says "Access Denied"), and whether on the bucket's keys or on the bucket.
std::pair<std::string, bool> PermissionFor(std::string_view operation) {
  if (operation == "HeadObject") return {"s3:GetObject", true};
  if (operation == "DeleteObjects") return {"s3:DeleteObjectVersion", true};
  if (operation == "HeadBucket" || operation == "ListObjectsV2") return {"s3:ListBucket", false};
  if (operation == "ListObjectVersions") return {"s3:ListBucketVersions", false};
  if (operation == "ListMultipartUploads") return {"s3:ListBucketMultipartUploads", false};
  return {"s3:" + std::string(operation), !operation.contains("Bucket")};
}

/// For an answer that is a document with this root.
std::function<Answer<void>(const net::RemoteResponse&)> Reading(
    const char* root, std::function<Answer<void>(const pugi::xml_node& root)> read) {
  return [root, read = std::move(read)](const net::RemoteResponse& response) -> Answer<void> {
    pugi::xml_document document;
    if (Answer<void> whole = ParseXml(response.body, root, document); !whole) return whole;
    return read(document.document_element());
  };
}

}  // namespace

Answer<net::RemoteResponse> S3::Ask(Call call,
                                    const std::function<Answer<void>(const net::RemoteResponse&)>& read) const {
  if (!IsBucketName(call.bucket)) {
    return Failed({.service = "S3",
                   .operation = call.operation,
                   .where = client_.region(),
                   .message = "'" + Printable(call.bucket) + "' is no bucket's name"});
  }
  const std::string bucket = call.bucket, operation = call.operation;
  Answer<net::RemoteResponse> response = client_.Send(call, read);
  if (!response && response.error().cause == Cause::kNoPermission && response.error().action.empty()) {
    const auto [action, on_keys] = PermissionFor(operation);
    response.error().action = action;
    response.error().resource = "arn:" + std::string(client_.partition()) + ":s3:::" + bucket + (on_keys ? "/*" : "");
  }
  return response;
}

Answer<Object> S3::GetObject(const std::string& bucket, const std::string& key, std::size_t limit) const {
  Call call = CallOn(bucket, key, "GetObject", "GET");
  call.body_limit = limit;
  Answer<net::RemoteResponse> response = Ask(std::move(call));
  if (!response) return Failed(response.error());
  Object object = ReadObject(*response);
  object.body = std::move(response->body);
  object.size = object.body.size();
  return object;
}

Answer<Object> S3::HeadObject(const std::string& bucket, const std::string& key) const {
  Answer<net::RemoteResponse> response = Ask(CallOn(bucket, key, "HeadObject", "HEAD"));
  if (!response) return Failed(response.error());
  return ReadObject(*response);
}

Answer<std::string> S3::PutObject(const std::string& bucket, const std::string& key, const std::string& body,
                                  const PutOptions& options) const {
  Call call = CallOn(bucket, key, "PutObject", "PUT");
  call.body = body;
  call.timeout = std::chrono::minutes(5);
  call.headers.emplace_back("Content-Type", options.content_type);
  if (options.only_if_absent) call.headers.emplace_back("If-None-Match", "*");
  if (!options.if_match.empty()) call.headers.emplace_back("If-Match", options.if_match);
  for (const auto& [name, value] : options.metadata) call.headers.emplace_back(std::string(kMetadata) + name, value);
  Answer<net::RemoteResponse> response = Ask(std::move(call));
  if (response) return HeaderOf(response->headers, "ETag");
  const bool perhaps_ours = response.error().cause == Cause::kPrecondition && response.error().attempts > 1;
  if (perhaps_ours) {
    Answer<Object> there = GetObject(bucket, key, body.size() + 1);
    if (there && there->body == body) return there->etag;
  }
  return Failed(response.error());
}

Answer<void> S3::DeleteObject(const std::string& bucket, const std::string& key, const std::string& version_id) const {
  Call call = CallOn(bucket, key, "DeleteObject", "DELETE");
  if (!version_id.empty()) call.query.emplace_back("versionId", version_id);
  Answer<net::RemoteResponse> response = Ask(std::move(call));
  if (!response) return Failed(response.error());
  return {};
}

Answer<std::vector<DeleteError>> S3::DeleteObjects(const std::string& bucket,
                                                   const std::vector<ObjectVersion>& versions) const {
  std::vector<DeleteError> errors;
  std::string body = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  bool any = false;
  for (const ObjectVersion& version : versions) {
    if (NeedsItsOwnDelete(version.key)) {
      Answer<void> gone = DeleteObject(bucket, version.key, version.version_id);
      if (gone || gone.error().outcome == Outcome::kNotFound) continue;
      errors.push_back({.key = version.key, .version_id = version.version_id, .failure = gone.error()});
      continue;
    }
    any = true;
    body += "<Object><Key>" + EscapeXml(version.key) + "</Key>";
    if (!version.version_id.empty()) body += "<VersionId>" + EscapeXml(version.version_id) + "</VersionId>";
    body += "</Object>";
  }
  if (!any) return errors;
  Call call = CallOn(bucket, "DeleteObjects", "POST");
  call.query = {{"delete", ""}};
  call.body = body + "<Quiet>true</Quiet></Delete>";
  call.headers = {{"Content-Type", "application/xml"},
                  {"x-amz-sdk-checksum-algorithm", "SHA256"},
                  {"x-amz-checksum-sha256", Base64(Sha256(call.body))}};
  std::vector<DeleteError> told;
  const auto read = Reading("DeleteResult", [&](const pugi::xml_node& root) -> Answer<void> {
    told.clear();
    for (const pugi::xml_node& node : root.children("Error")) {
      DeleteError error{.key = TextOf(node, "Key"), .version_id = TextOf(node, "VersionId")};
      error.failure = {.service = "S3",
                       .operation = "DeleteObjects",
                       .where = bucket,
                       .code = TextOf(node, "Code"),
                       .message = TextOf(node, "Message")};
      Classify(error.failure);
      if (error.failure.outcome != Outcome::kNotFound) told.push_back(std::move(error));
    }
    return {};
  });
  Answer<net::RemoteResponse> response = Ask(std::move(call), read);
  if (!response) return Failed(response.error());
  errors.insert(errors.end(), told.begin(), told.end());
  return errors;
}

Pages<ObjectSummary> S3::ListObjects(const std::string& bucket, const std::string& prefix) const {
  return Pages<ObjectSummary>([self = *this, bucket, prefix](const std::string& token) -> Answer<Page<ObjectSummary>> {
    Call call = CallOn(bucket, "ListObjectsV2", "GET");
    call.query = {{"list-type", "2"}, {"encoding-type", "url"}};
    if (!prefix.empty()) call.query.emplace_back("prefix", prefix);
    if (!token.empty()) call.query.emplace_back("continuation-token", token);
    Page<ObjectSummary> page;
    const auto read = Reading("ListBucketResult", [&](const pugi::xml_node& root) -> Answer<void> {
      const bool encoded = TextOf(root, "EncodingType") == "url";
      page = {.next = TrueIn(root, "IsTruncated") ? TextOf(root, "NextContinuationToken") : ""};
      if (TrueIn(root, "IsTruncated") && page.next.empty())
        return Unreadable("it is cut and does not say how it goes on");
      if (!root.child("IsTruncated")) return Unreadable("it has no <IsTruncated>");
      for (const pugi::xml_node& node : root.children("Contents")) {
        page.items.push_back({.key = Decode(TextOf(node, "Key"), encoded),
                              .etag = TextOf(node, "ETag"),
                              .size = ParseNumber(TextOf(node, "Size")).value_or(0),
                              .modified = ParseAwsTime(TextOf(node, "LastModified"))});
      }
      return {};
    });
    Answer<net::RemoteResponse> response = self.Ask(std::move(call), read);
    if (!response) return Failed(response.error());
    return page;
  });
}

Answer<void> S3::HeadBucket(const std::string& bucket) const {
  Answer<net::RemoteResponse> response = Ask(CallOn(bucket, "HeadBucket", "HEAD"));
  if (!response) return Failed(response.error());
  return {};
}

Answer<std::string> S3::GetBucketPolicy(const std::string& bucket) const {
  Call call = CallOn(bucket, "GetBucketPolicy", "GET");
  call.query = {{"policy", ""}};
  Answer<net::RemoteResponse> response = Ask(std::move(call));
  if (response) return std::move(response->body);
  const Failure& failure = response.error();
  if (failure.outcome == Outcome::kNotFound && failure.cause != Cause::kNoBucket) return std::string();
  return Failed(failure);
}

Answer<void> S3::PutBucketPolicy(const std::string& bucket, const std::string& policy) const {
  Call call = CallOn(bucket, "PutBucketPolicy", "PUT");
  call.query = {{"policy", ""}};
  call.body = policy;
  call.headers = {{"Content-Type", "application/json"},
                  {"x-amz-sdk-checksum-algorithm", "SHA256"},
                  {"x-amz-checksum-sha256", Base64(Sha256(call.body))}};
  Answer<net::RemoteResponse> response = Ask(std::move(call));
  if (!response) return Failed(response.error());
  return {};
}

Answer<std::string> S3::StackOfBucket(const std::string& bucket) const {
  Call call = CallOn(bucket, "GetBucketTagging", "GET");
  call.query = {{"tagging", ""}};
  std::string stack;
  const auto read = Reading("Tagging", [&](const pugi::xml_node& root) -> Answer<void> {
    for (const pugi::xml_node& tag : root.child("TagSet").children("Tag")) {
      if (TextOf(tag, "Key") == "aws:cloudformation:stack-id") stack = TextOf(tag, "Value");
    }
    return {};
  });
  Answer<net::RemoteResponse> response = Ask(std::move(call), read);
  if (response) return stack;
  const Failure& failure = response.error();
  if (failure.outcome == Outcome::kNotFound && failure.cause != Cause::kNoBucket) return std::string();
  return Failed(failure);
}

Answer<std::string> S3::BucketRegion(const std::string& bucket) const {
  Answer<net::RemoteResponse> head = Ask(CallOn(bucket, "HeadBucket", "HEAD"));
  const std::string region = head ? HeaderOf(head->headers, "x-amz-bucket-region") : head.error().region;
  if (IsRegion(region)) return region;
  if (!head) return Failed(head.error());
  Call call = CallOn(bucket, "GetBucketLocation", "GET");
  call.query = {{"location", ""}};
  std::string place;
  const auto read = Reading("LocationConstraint", [&](const pugi::xml_node& root) -> Answer<void> {
    place = root.text().get();
    return {};
  });
  Answer<net::RemoteResponse> response = Ask(std::move(call), read);
  if (!response) return Failed(response.error());
  if (place == "EU") return std::string("eu-west-1");  // buckets from before regions had names
  return place.empty() ? std::string("us-east-1") : place;
}

}  // namespace perch::aws
