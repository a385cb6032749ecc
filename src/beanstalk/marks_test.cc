#include "beanstalk/marks.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace perch::beanstalk {
namespace {

const Time kThen = *ParseTime("2026-11-22T12:00:00.000Z");
const Marks kMarks = {{"arn:1", {"feature/ü \xff", kThen}}, {"arn:2", {"b", kThen}}};

/// One object on S3 with an ETag that counts its versions.
class OneObject : public net::Transport {
 public:
  Result<net::RemoteResponse> Send(const net::RemoteRequest& request, std::stop_token) override {
    if (request.method == "GET") {
      net::RemoteResponse answer = body ? net::RemoteResponse{200, {{"ETag", Tag()}}, *body} : Code(404, "NoSuchKey");
      if (after_get) after_get();
      return answer;
    }
    ++puts;
    const std::string match = aws::HeaderOf(request.headers, "If-Match");
    const std::string none = aws::HeaderOf(request.headers, "If-None-Match");
    if ((none == "*" && body) || (!match.empty() && match != Tag())) return Code(412, "PreconditionFailed");
    if (none.empty() && match.empty()) return Code(400, "Unconditional");
    Write(request.body);
    return net::RemoteResponse{200, {{"ETag", Tag()}}, ""};
  }
  void Write(std::string text) {
    body = std::move(text);
    ++version;
  }

  std::optional<std::string> body;
  std::function<void()> after_get;
  int version = 0, puts = 0;

 private:
  std::string Tag() const { return "\"" + std::to_string(version) + "\""; }
  static net::RemoteResponse Code(int status, const std::string& code) {
    return {status, {}, "<Error><Code>" + code + "</Code><Message>m</Message></Error>"};
  }
};

MarksStore StoreOn(OneObject& object) {
  return MarksStore(aws::S3(aws::Client(
                        {.transport = &object,
                         .credentials = aws::FixedCredentials({.access_key_id = "A", .secret_access_key = Secret("s")}),
                         .region = "eu-central-1",
                         .clock = [] { return kThen; },
                         .sleep = [](auto, auto) { return true; }})),
                    {.bucket = "marks", .key = "m.json"});
}

Marks With(Marks marks, const std::string& id) {
  marks[id] = {"x", kThen};
  return marks;
}

TEST(Marks, SurviveBeingWrittenAndRead) {
  EXPECT_EQ(*ParseMarks(FormatMarks(kMarks), "w"), kMarks);
  EXPECT_EQ(*ParseMarks(FormatMarks({}), "w"), Marks());
}

TEST(Marks, ADamagedObjectIsAnErrorNeverAnEmptyOne) {
  const std::string whole = FormatMarks(kMarks);
  for (std::size_t size = 0; size + 2 < whole.size(); ++size)
    EXPECT_FALSE(ParseMarks(whole.substr(0, size), "w").has_value()) << size;
  for (const char* text :
       {"{}", "[]", "null", "{\"format\":\"perch-sweep-marks-1\"}",
        "{\"format\":\"perch-sweep-marks-1\",\"marks\":[{}]}", "{\"format\":\"perch-sweep-marks-1\",\"marks\":[1]}"}) {
    EXPECT_FALSE(ParseMarks(text, "w").has_value()) << text;
  }
  EXPECT_EQ(ParseMarks("{}", "s3://b/k").error().Text(),
            "cannot use the marks of earlier sweeps: s3://b/k: it is not what a sweep writes\n"
            "  If nobody needs it, delete the object: every grace then begins anew.");
}

TEST(Marks, PlacesAreBucketAndKey) {
  EXPECT_EQ(ParseMarksPlace("s3://acme-marks/a/b.json")->key, "a/b.json");
  for (const char* text : {"", "s3://", "s3://acme", "s3://acme/", "s3://A/b", "https://acme/b", "s3://acme/b/"})
    EXPECT_FALSE(ParseMarksPlace(text).has_value()) << text;
}

TEST(MarksStore, WritesOnlyWhatChangedAndOnlyOverWhatItRead) {
  OneObject object;
  const MarksStore store = StoreOn(object);
  EXPECT_EQ(*store.Read(), Marks());
  ASSERT_TRUE(store.Update([](const Marks& marks) { return With(marks, "arn:1"); }).has_value());
  ASSERT_TRUE(store.Update([](const Marks& marks) { return With(marks, "arn:1"); }).has_value());
  EXPECT_EQ(object.puts, 1);
}

TEST(MarksStore, TheOneThatLosesARaceReadsAgainAndMerges) {
  OneObject object;
  const MarksStore store = StoreOn(object);
  bool raced = false;
  object.after_get = [&] {
    if (!raced) object.Write(FormatMarks(With({}, "arn:theirs")));
    raced = true;
  };
  ASSERT_TRUE(store.Update([](const Marks& marks) { return With(marks, "arn:ours"); }).has_value());
  EXPECT_EQ(*store.Read(), With(With({}, "arn:ours"), "arn:theirs"));
  EXPECT_EQ(object.puts, 2);
}

TEST(MarksStore, ManyLostRacesAreAnError) {
  OneObject object;
  const MarksStore store = StoreOn(object);
  int round = 0;
  object.after_get = [&] { object.Write(FormatMarks(With({}, "arn:" + std::to_string(++round)))); };
  const Status done = store.Update([](const Marks& marks) { return With(marks, "arn:ours"); });
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().Text(),
            "cannot record which branches are gone: s3://marks/m.json: others wrote to the object 4 times meanwhile\n"
            "  Run one sweep at a time, and run this one again.");
}

}  // namespace
}  // namespace perch::beanstalk
