#include "aws/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/cloudformation.h"
#include "aws/s3_emptying.h"
#include "aws/testing.h"

namespace perch::aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Pages<int> Numbers(std::vector<Answer<Page<int>>> pages) {
  auto at = std::make_shared<std::size_t>(0);
  return Pages<int>([pages = std::move(pages), at](const std::string&) { return pages.at((*at)++); });
}

TEST(Pages, AllGoesToTheEnd) {
  EXPECT_THAT(*Numbers({Page<int>{{1, 2}, "a"}, Page<int>{{}, "b"}, Page<int>{{3}, ""}}).All(), ElementsAre(1, 2, 3));
  EXPECT_THAT(*Numbers({Page<int>{}}).All(), ElementsAre());
}

TEST(Pages, AnErrorInTheMiddleIsAnErrorAndNoShorterList) {
  EXPECT_EQ(Numbers({Page<int>{{1}, "a"}, Failed({.code = "Broken"})}).All().error().code, "Broken");
  int seen = 0;
  Answer<void> done =
      Numbers({Page<int>{{1}, "a"}, Failed({.code = "Broken"})}).ForEach([&](int&) { return ++seen > 0; });
  EXPECT_FALSE(done);
  EXPECT_EQ(seen, 1);
}

TEST(Pages, ARangeEndsWithTheError) {
  std::vector<std::string> seen;
  for (Answer<std::vector<int>>& page : Numbers({Page<int>{{1}, "a"}, Failed({.code = "Broken"})})) {
    seen.push_back(page ? "page" : page.error().code);
  }
  EXPECT_THAT(seen, ElementsAre("page", "Broken"));
}

TEST(Pages, TokensThatGoRoundAreAnError) {
  Answer<std::vector<int>> all = Pages<int>([](const std::string& token) -> Answer<Page<int>> {
                                   return Page<int>{{1}, token == "a" ? "b" : "a"};
                                 }).All();
  ASSERT_FALSE(all);
  EXPECT_THAT(all.error().message, HasSubstr("a page's token came twice"));
}

TEST(Pages, ForEachStopsWhenItIsTold) {
  int asked = 0;
  const auto read = [&](const std::string&) -> Answer<Page<int>> { return Page<int>{{1, 2}, std::to_string(++asked)}; };
  const Pages<int> pages(read);
  ASSERT_TRUE(pages.ForEach([](int& i) { return i < 2; }));
  EXPECT_EQ(asked, 1);
}

class Lists : public testing::Test, public TestWorld {};

std::string StackPage(const std::string& name, const std::string& next) {
  return "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>" + name +
         "</StackName><StackId>arn:" + name +
         "</StackId><StackStatus>CREATE_COMPLETE</StackStatus><Tags><member><Key>branch</Key>"
         "<Value>a&amp;b</Value></member></Tags></member></Stacks>" +
         (next.empty() ? "" : "<NextToken>" + next + "</NextToken>") +
         "</DescribeStacksResult></DescribeStacksResponse>";
}

TEST_F(Lists, StacksOfAllPages) {
  transport.Add(200, StackPage("one", "T=1"));
  transport.Add(200, StackPage("two", ""));
  Answer<std::vector<Stack>> stacks = CloudFormation(MakeClient()).DescribeStacks().All();
  ASSERT_TRUE(stacks);
  ASSERT_EQ(stacks->size(), 2u);
  EXPECT_EQ((*stacks)[1].name, "two");
  EXPECT_EQ((*stacks)[1].tags.at("branch"), "a&b");
  EXPECT_THAT(transport.requests[1].body, HasSubstr("NextToken=T%3D1"));
}

TEST_F(Lists, AListWithoutItsListIsNoEmptyList) {
  retry.max_attempts = 2;
  for (int i = 0; i < 2; ++i)
    transport.Add(200, "<DescribeStacksResponse><DescribeStacksResult/></DescribeStacksResponse>");
  Answer<std::vector<Stack>> stacks = CloudFormation(MakeClient()).DescribeStacks().All();
  ASSERT_FALSE(stacks);
  EXPECT_EQ(stacks.error().outcome, Outcome::kRetry);
  EXPECT_EQ(transport.requests.size(), 2u);
}

TEST_F(Lists, ASecondPageThatFailsFailsTheList) {
  retry.max_attempts = 1;
  transport.Add(200, StackPage("one", "T"));
  transport.Add(500, "");
  EXPECT_FALSE(CloudFormation(MakeClient()).DescribeStacks().All());
}

TEST_F(Lists, ACutVersionListWithoutAMarkerIsAnError) {
  retry.max_attempts = 1;
  transport.Add(200, "<ListVersionsResult><IsTruncated>true</IsTruncated></ListVersionsResult>");
  EXPECT_FALSE(S3(MakeClient()).ListObjectVersions("bucket").All());
}

std::string Versions(int count, const std::string& prefix) {
  std::string body = "<ListVersionsResult><IsTruncated>" + std::string(count == 1000 ? "true" : "false") +
                     "</IsTruncated><EncodingType>url</EncodingType><NextKeyMarker>m</NextKeyMarker>";
  for (int i = 0; i < count; ++i) {
    body += i % 2 ? "<Version>" : "<DeleteMarker>";
    body += "<Key>" + prefix + std::to_string(i) + "%26+x</Key><VersionId>v</VersionId>";
    body += i % 2 ? "</Version>" : "</DeleteMarker>";
  }
  return body + "</ListVersionsResult>";
}
const std::string kNoUploads =
    "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>";

TEST_F(Lists, EmptyingTakesAListMoreThanDeletes) {
  for (const int count : {1000, 1000, 500}) {
    transport.Add(200, Versions(count, "k"));
    transport.Add(200, "<DeleteResult/>");
  }
  transport.Add(200, Versions(0, ""));
  transport.Add(200, kNoUploads);
  Answer<EmptyingReport> report = EmptyBucket(S3(MakeClient()), "bucket");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->deleted, 2500u);
  EXPECT_EQ(transport.requests.size(), 8u);
  EXPECT_THAT(transport.requests[1].body, HasSubstr("<Object><Key>k0&amp; x</Key><VersionId>v</VersionId></Object>"));
  EXPECT_EQ(transport.requests[2].url, transport.requests[0].url) << "always the first page";
}

TEST_F(Lists, WhatCannotBeDeletedEndsIt) {
  transport.Add(200, Versions(2, "k"));
  transport.Add(200,
                "<DeleteResult><Error><Key>k0</Key><VersionId>v</VersionId><Code>AccessDenied</Code><Message>lock</"
                "Message></Error></DeleteResult>");
  Answer<EmptyingReport> report = EmptyBucket(S3(MakeClient()), "bucket");
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->Empty());
  EXPECT_EQ(report->deleted, 1u);
  ASSERT_EQ(report->left.size(), 1u);
  EXPECT_EQ(report->left[0].failure.outcome, Outcome::kRefused);
}

TEST_F(Lists, KeysThatS3HadNoTimeForAreTriedAgain) {
  transport.Add(200, Versions(2, "k"));
  transport.Add(200, "<DeleteResult><Error><Key>k0</Key><Code>InternalError</Code></Error></DeleteResult>");
  transport.Add(200, Versions(1, "k"));
  transport.Add(200, "<DeleteResult/>");
  transport.Add(200, Versions(0, ""));
  transport.Add(200, kNoUploads);
  Answer<EmptyingReport> report = EmptyBucket(S3(MakeClient()), "bucket");
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->Empty());
  EXPECT_EQ(report->deleted, 2u);
}

TEST_F(Lists, ButNotForEver) {
  for (int i = 0; i < 4; ++i) {
    transport.Add(200, Versions(1, "k"));
    transport.Add(200, "<DeleteResult><Error><Key>k0</Key><Code>InternalError</Code></Error></DeleteResult>");
  }
  Answer<EmptyingReport> report = EmptyBucket(S3(MakeClient()), "bucket");
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->Empty());
}

TEST_F(Lists, AnAppThatWritesFasterThanItIsEmptiedDoesNotKeepItForEver) {
  for (int i = 0; i < 1000; ++i) {
    transport.Add(200, Versions(1, "k"));
    transport.Add(200, "<DeleteResult/>");
  }
  transport.Add(200, kNoUploads);
  Answer<EmptyingReport> report = EmptyBucket(S3(MakeClient()), "bucket");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->deleted, 1000u);
}

TEST_F(Lists, AMissingBucketIsEmpty) {
  transport.Add(404, "<Error><Code>NoSuchBucket</Code></Error>");
  Answer<EmptyingReport> report = EmptyBucket(S3(MakeClient()), "bucket");
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->bucket_gone);
}

TEST_F(Lists, KeysThatNoXmlCanNameAreDeletedOneByOne) {
  transport.Add(204);
  transport.Add(200, "<DeleteResult/>");
  Answer<std::vector<DeleteError>> left =
      S3(MakeClient())
          .DeleteObjects("bucket",
                         {{.key = std::string("a\x01z"), .version_id = "1"}, {.key = "b", .version_id = "2"}});
  ASSERT_TRUE(left);
  EXPECT_EQ(transport.requests[0].method, "DELETE");
  EXPECT_THAT(transport.requests[0].url, HasSubstr("/a%01z?versionId=1"));
  EXPECT_THAT(transport.requests[1].body, testing::Not(HasSubstr("\x01")));
}

TEST_F(Lists, AChangeSetThatWouldChangeNothing) {
  transport.Add(200,
                "<DescribeChangeSetResponse><DescribeChangeSetResult><ChangeSetId>c</ChangeSetId><Status>FAILED</"
                "Status><StatusReason>The "
                "submitted information didn't contain changes. Submit different information to create a change "
                "set.</StatusReason>"
                "<Changes/></DescribeChangeSetResult></DescribeChangeSetResponse>");
  Answer<ChangeSet> set = CloudFormation(MakeClient()).DescribeChangeSet("c");
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->nothing_to_do);
}

TEST_F(Lists, ChangesOfAllPages) {
  const auto page = [](const std::string& id, const std::string& next) {
    return "<DescribeChangeSetResponse><DescribeChangeSetResult><ChangeSetId>c</ChangeSetId><Status>CREATE_COMPLETE</"
           "Status><Changes><member>"
           "<Type>Resource</Type><ResourceChange><Action>Modify</Action><LogicalResourceId>" +
           id + "</LogicalResourceId><Replacement>True</Replacement></ResourceChange></member></Changes>" +
           (next.empty() ? "" : "<NextToken>" + next + "</NextToken>") +
           "</DescribeChangeSetResult></DescribeChangeSetResponse>";
  };
  transport.Add(200, page("App", "n"));
  transport.Add(200, page("Database", ""));
  Answer<ChangeSet> set = CloudFormation(MakeClient()).DescribeChangeSet("c");
  ASSERT_TRUE(set);
  ASSERT_EQ(set->changes.size(), 2u);
  EXPECT_EQ(set->changes[1].logical_id, "Database");
  EXPECT_EQ(set->changes[1].replacement, "True");
  EXPECT_FALSE(set->nothing_to_do);
}

}  // namespace
}  // namespace perch::aws
