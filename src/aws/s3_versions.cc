#include <utility>

#include "aws/s3.h"
#include "aws/xml.h"
#include "base/text.h"

namespace perch::aws {
namespace {

/// A key and what tells two of its entries apart, in one page token. Keys hold any byte, numbers end at ':'.
std::string JoinMarkers(const std::string& key, const std::string& id) {
  return std::to_string(key.size()) + ":" + key + id;
}

std::pair<std::string, std::string> SplitMarkers(const std::string& token) {
  const std::size_t colon = token.find(':');
  const std::size_t size = ParseNumber(token.substr(0, colon)).value_or(0);
  return {token.substr(colon + 1, size), token.substr(colon + 1 + size)};
}

std::string Key(const pugi::xml_node& node, const char* name, bool encoded) {
  std::string text = TextOf(node, name);
  if (!encoded) return text;
  for (char& c : text) {
    if (c == '+') c = ' ';
  }
  return PercentDecode(text).value_or(text);
}

/// The next page's token, or why the answer is of no use.
Answer<std::string> NextMarkers(const pugi::xml_node& root, const char* key, const char* id, bool encoded) {
  if (!root.child("IsTruncated")) return Unreadable("it has no <IsTruncated>");
  if (!TrueIn(root, "IsTruncated")) return std::string();
  const std::string next_key = Key(root, key, encoded);
  if (next_key.empty()) return Unreadable("it is cut and does not say how it goes on");
  return JoinMarkers(next_key, TextOf(root, id));
}

}  // namespace

Pages<ObjectVersion> S3::ListObjectVersions(const std::string& bucket, const std::string& prefix) const {
  return Pages<ObjectVersion>([self = *this, bucket, prefix](const std::string& token) -> Answer<Page<ObjectVersion>> {
    Call call{.service = Service::kS3, .operation = "ListObjectVersions", .method = "GET", .bucket = bucket};
    call.query = {{"versions", ""}, {"encoding-type", "url"}};
    if (!prefix.empty()) call.query.emplace_back("prefix", prefix);
    if (!token.empty()) {
      const auto [key, id] = SplitMarkers(token);
      call.query.emplace_back("key-marker", key);
      if (!id.empty()) call.query.emplace_back("version-id-marker", id);
    }
    Page<ObjectVersion> page;
    const auto read = [&](const net::RemoteResponse& response) -> Answer<void> {
      pugi::xml_document document;
      if (Answer<void> whole = ParseXml(response.body, "ListVersionsResult", document); !whole) return whole;
      const pugi::xml_node root = document.document_element();
      const bool encoded = TextOf(root, "EncodingType") == "url";
      Answer<std::string> next = NextMarkers(root, "NextKeyMarker", "NextVersionIdMarker", encoded);
      if (!next) return Failed(next.error());
      page = {.next = *next};
      for (const pugi::xml_node& node : root.children()) {
        const bool marker = std::string_view(node.name()) == "DeleteMarker";
        if (!marker && std::string_view(node.name()) != "Version") continue;
        page.items.push_back({.key = Key(node, "Key", encoded),
                              .version_id = TextOf(node, "VersionId"),
                              .delete_marker = marker,
                              .latest = TrueIn(node, "IsLatest"),
                              .size = ParseNumber(TextOf(node, "Size")).value_or(0)});
      }
      return {};
    };
    Answer<net::RemoteResponse> response = self.Ask(std::move(call), read);
    if (!response) return Failed(response.error());
    return page;
  });
}

Pages<MultipartUpload> S3::ListMultipartUploads(const std::string& bucket) const {
  return Pages<MultipartUpload>([self = *this, bucket](const std::string& token) -> Answer<Page<MultipartUpload>> {
    Call call{.service = Service::kS3, .operation = "ListMultipartUploads", .method = "GET", .bucket = bucket};
    call.query = {{"uploads", ""}, {"encoding-type", "url"}};
    if (!token.empty()) {
      const auto [key, id] = SplitMarkers(token);
      call.query.emplace_back("key-marker", key);
      if (!id.empty()) call.query.emplace_back("upload-id-marker", id);
    }
    Page<MultipartUpload> page;
    const auto read = [&](const net::RemoteResponse& response) -> Answer<void> {
      pugi::xml_document document;
      if (Answer<void> whole = ParseXml(response.body, "ListMultipartUploadsResult", document); !whole) return whole;
      const pugi::xml_node root = document.document_element();
      const bool encoded = TextOf(root, "EncodingType") == "url";
      Answer<std::string> next = NextMarkers(root, "NextKeyMarker", "NextUploadIdMarker", encoded);
      if (!next) return Failed(next.error());
      page = {.next = *next};
      for (const pugi::xml_node& node : root.children("Upload")) {
        page.items.push_back({.key = Key(node, "Key", encoded), .upload_id = TextOf(node, "UploadId")});
      }
      return {};
    };
    Answer<net::RemoteResponse> response = self.Ask(std::move(call), read);
    if (!response) return Failed(response.error());
    return page;
  });
}

Answer<void> S3::AbortMultipartUpload(const std::string& bucket, const MultipartUpload& upload) const {
  Call call{.service = Service::kS3, .operation = "AbortMultipartUpload", .method = "DELETE", .bucket = bucket};
  call.path = "/" + EscapePath(upload.key);
  call.query = {{"uploadId", upload.upload_id}};
  Answer<net::RemoteResponse> response = Ask(std::move(call));
  if (!response && response.error().outcome != Outcome::kNotFound) return Failed(response.error());
  return {};
}

}  // namespace perch::aws
