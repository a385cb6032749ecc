#include "beanstalk/marks.h"

#include <boost/json.hpp>

#include "aws/endpoints.h"
#include "base/text.h"
#include "base/value.h"

namespace perch::beanstalk {
namespace {

constexpr std::string_view kFormat = "perch-sweep-marks-1";
constexpr std::size_t kLargest = 16 << 20;
constexpr int kTries = 4;

std::unexpected<Error> Damaged(const std::string& where, std::string why) {
  return Fail({.kind = ErrorKind::kRefused,
               .what = "cannot use the marks of earlier sweeps",
               .where = where,
               .why = std::move(why),
               .hint = "If nobody needs it, delete the object: every grace then begins anew."});
}

std::string TextAt(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : "";
}

Error Refused(aws::Failure failure) {
  Error error = failure;
  error.kind = failure.cause == aws::Cause::kStopped ? ErrorKind::kCancelled : ErrorKind::kRefused;
  return error;
}

}  // namespace

Result<MarksPlace> ParseMarksPlace(std::string_view text) {
  constexpr std::string_view kScheme = "s3://";
  const std::string_view rest = text.starts_with(kScheme) ? text.substr(kScheme.size()) : "";
  const std::size_t slash = rest.find('/');
  const std::string_view bucket = rest.substr(0, slash);
  const std::string_view key = slash == rest.npos ? "" : rest.substr(slash + 1);
  if (!aws::IsBucketName(bucket) || key.empty() || key.size() > 1024 || key.ends_with('/') || !IsUtf8(key)) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot use this place for marks",
                 .where = Printable(text),
                 .why = "it is no object on S3",
                 .hint = "Write it as s3://BUCKET/KEY, for example s3://acme-versions/perch/sweep-marks.json."});
  }
  return MarksPlace{.bucket = std::string(bucket), .key = std::string(key)};
}

std::string FormatMarks(const Marks& marks) {
  std::string text = "{\"format\":\"" + std::string(kFormat) + "\",\"marks\":[";
  const char* separator = "\n";
  for (const auto& [id, mark] : marks) {
    // Git allows bytes in names that JSON does not.
    text += separator + std::string("{\"stack\":") + JsonString(id) +
            ",\"branch\":" + JsonString(PercentEncode(mark.branch)) + ",\"first_seen\":\"" +
            FormatTime(mark.first_seen) + "\"}";
    separator = ",\n";
  }
  return text + "\n]}\n";
}

Result<Marks> ParseMarks(std::string_view text, const std::string& where) {
  boost::system::error_code wrong;
  const boost::json::value document = boost::json::parse({text.data(), text.size()}, wrong);
  if (wrong) return Damaged(where, "it is no JSON: " + wrong.message());
  const boost::json::object* root = document.if_object();
  const boost::json::value* list = root ? root->if_contains("marks") : nullptr;
  if (!list || !list->is_array() || TextAt(*root, "format") != kFormat)
    return Damaged(where, "it is not what a sweep writes");
  Marks marks;
  for (const boost::json::value& entry : list->get_array()) {
    const boost::json::object* object = entry.if_object();
    if (!object) return Damaged(where, "a mark in it is not what a sweep writes");
    const std::string id = TextAt(*object, "stack");
    const std::optional<std::string> branch = PercentDecode(TextAt(*object, "branch"));
    const std::optional<Time> seen = ParseTime(TextAt(*object, "first_seen"));
    if (id.empty() || !branch || branch->empty() || !seen ||
        !marks.emplace(id, Mark{.branch = *branch, .first_seen = *seen}).second) {
      return Damaged(where, "a mark in it is not what a sweep writes");
    }
  }
  return marks;
}

Result<MarksStore::Found> MarksStore::Load() const {
  aws::Answer<aws::Object> object = s3_.GetObject(place_.bucket, place_.key, kLargest);
  if (!object) {
    const aws::Failure& failure = object.error();
    if (failure.outcome == aws::Outcome::kNotFound && failure.cause != aws::Cause::kNoBucket) return Found{};
    return Fail(Refused(failure));
  }
  if (object->etag.empty()) return Damaged(Where(), "S3 told no ETag for it");
  Result<Marks> marks = ParseMarks(object->body, Where());
  if (!marks) return Fail(marks.error());
  return Found{.marks = std::move(*marks), .etag = object->etag};
}

Result<Marks> MarksStore::Read() const {
  Result<Found> found = Load();
  if (!found) return Fail(found.error());
  return std::move(found->marks);
}

Status MarksStore::Update(const std::function<Marks(const Marks&)>& change) const {
  for (int i = 0; i < kTries; ++i) {
    const Result<Found> found = Load();
    if (!found) return Fail(found.error());
    const Marks wanted = change(found->marks);
    if (wanted == found->marks) return {};
    aws::PutOptions options{
        .only_if_absent = found->etag.empty(), .if_match = found->etag, .content_type = "application/json"};
    aws::Answer<std::string> written = s3_.PutObject(place_.bucket, place_.key, FormatMarks(wanted), options);
    if (written) return {};
    // A key that went between reading and writing answers "not found" to If-Match.
    const bool lost =
        written.error().outcome == aws::Outcome::kConflict ||
        (written.error().outcome == aws::Outcome::kNotFound && written.error().cause != aws::Cause::kNoBucket);
    if (!lost) return Fail(Refused(written.error()));
  }
  return Fail({.kind = ErrorKind::kRefused,
               .what = "cannot record which branches are gone",
               .where = Where(),
               .why = "others wrote to the object " + std::to_string(kTries) + " times meanwhile",
               .hint = "Run one sweep at a time, and run this one again."});
}

}  // namespace perch::beanstalk
