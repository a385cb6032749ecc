#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/test_peers.h"

namespace perch::gateway {
namespace {

struct Case {
  std::string name;
  std::string request;
  int status;
  std::string why;
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

std::string Refused(int status, const std::string& why, const std::string& fields = "") {
  const std::string line = std::to_string(status) + " " + std::string(net::ReasonPhrase(status));
  const std::string body = line + ": " + why + "\n";
  return "HTTP/1.1 " + line + "\r\nContent-Type: text/plain; charset=utf-8\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

class RefusedRequest : public testing::TestWithParam<Case> {};

// The whole answer, the connection closed after it, and nothing of it at the app, nor of what was hidden behind it.
TEST_P(RefusedRequest, GetsTheReasonAndNeverReachesTheApp) {
  RawUpstream app(Echo());
  const TestGateway gateway(app.port());
  const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: app.test\r\n\r\n";
  EXPECT_EQ(gateway.Exchange(GetParam().request + hidden), Refused(GetParam().status, GetParam().why));
  EXPECT_EQ(app.connections(), 0);
}

std::string Get(const std::string& fields) { return "GET / HTTP/1.1\r\nHost: app.test\r\n" + fields + "\r\n"; }
std::string Post(const std::string& fields) { return "POST / HTTP/1.1\r\nHost: app.test\r\n" + fields + "\r\n"; }

std::string ManyFields() {
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += "X-Field-" + std::to_string(i) + ": 1\r\n";
  return fields;
}

const std::string kLineEnd = "A line of the header does not end in CR LF.";
const std::string kControl = "The header holds a control character.";
const std::string kName = "A header name is malformed.";
const std::string kChunkedOnly = "Transfer-Encoding must be exactly 'chunked'.";

INSTANTIATE_TEST_SUITE_P(
    Framing, RefusedRequest,
    testing::Values(
        Case{"BothLengths", Post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), 400,
             "The request is malformed."},
        Case{"BothLengthsTheOtherWay", Post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), 400,
             "The request is malformed."},
        Case{"BothWithAnUnknownCoding", Post("Transfer-Encoding: identity\r\nContent-Length: 4\r\n"), 400,
             "Both Content-Length and Transfer-Encoding are given."},
        Case{"DifferingLengths", Post("Content-Length: 4\r\nContent-Length: 5\r\n"), 400, "The request is malformed."},
        Case{"SameLengthTwice", Post("Content-Length: 4\r\nContent-Length: 4\r\n"), 400,
             "Content-Length is given more than once."},
        Case{"LengthList", Post("Content-Length: 4, 4\r\n"), 400, "Content-Length is not a number."},
        Case{"LengthWithPlus", Post("Content-Length: +4\r\n"), 400, "The request is malformed."},
        Case{"NegativeLength", Post("Content-Length: -4\r\n"), 400, "The request is malformed."},
        Case{"HexLength", Post("Content-Length: 0x4\r\n"), 400, "The request is malformed."},
        Case{"EmptyLength", Post("Content-Length:\r\n"), 400, "The request is malformed."},
        Case{"LengthOverflow", Post("Content-Length: 18446744073709551617\r\n"), 400, "The request is malformed."},
        Case{"LengthNearTheEnd", Post("Content-Length: 18446744073709551615\r\n"), 400,
             "Content-Length is not a number."},
        Case{"GzipThenChunked", Post("Transfer-Encoding: gzip, chunked\r\n"), 400, kChunkedOnly},
        Case{"ChunkedThenIdentity", Post("Transfer-Encoding: chunked, identity\r\n"), 400, kChunkedOnly},
        Case{"ChunkedTwice", Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400,
             "The request is malformed."},
        Case{"ChunkedInTwoFields", Post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), 400,
             "Transfer-Encoding is given more than once."},
        Case{"XChunked", Post("Transfer-Encoding: xchunked\r\n"), 400, kChunkedOnly},
        Case{"QuotedChunked", Post("Transfer-Encoding: \"chunked\"\r\n"), 400, kChunkedOnly},
        Case{"ChunkedWithParameter", Post("Transfer-Encoding: chunked;a=b\r\n"), 400, kChunkedOnly},
        Case{"EmptyCoding", Post("Transfer-Encoding:\r\n"), 400, kChunkedOnly},
        Case{"ChunkedWithVerticalTab", Post("Transfer-Encoding: \vchunked\r\n"), 400, kControl},
        Case{"ChunkedInHttp10", "POST / HTTP/1.0\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
             "Transfer-Encoding needs HTTP/1.1."}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Lines, RefusedRequest,
    testing::Values(
        Case{"FoldedField", Get("X-A: b\r\n c\r\n"), 400, "A header line is folded."},
        Case{"FoldedFirstField", "GET / HTTP/1.1\r\n Host: app.test\r\n\r\n", 400, "A header line is folded."},
        Case{"FoldedWithTab", Get("Transfer-Encoding:\r\n\tchunked\r\n"), 400, "A header line is folded."},
        Case{"SpaceBeforeColon", Post("Content-Length : 4\r\n"), 400, kName},
        Case{"TabBeforeColon", Post("Transfer-Encoding\t: chunked\r\n"), 400, kName},
        Case{"EmptyName", Get(": x\r\n"), 400, kName},
        Case{"NoColon", Get("Nonsense\r\n"), 400, "A header line has no colon."},
        Case{"NulInValue", Get(std::string("X-A: a\0b\r\n", 10)), 400, kControl},
        Case{"NulInName", Get(std::string("X\0A: a\r\n", 8)), 400, kControl},
        Case{"BareLfAfterField", "GET / HTTP/1.1\r\nHost: app.test\nX-A: b\r\n\r\n", 400, kLineEnd},
        Case{"BareLfAtTheEnd", "GET / HTTP/1.1\r\nHost: app.test\r\n\n", 400, kLineEnd},
        Case{"OnlyBareLf", "GET / HTTP/1.1\nHost: app.test\n\n", 400, kLineEnd},
        Case{"BareCrInValue", Get("X-A: a\rTransfer-Encoding: chunked\r\n"), 400, kControl},
        Case{"TwoCr", Get("X-A: a\r\r\n"), 400, kControl}, Case{"DeleteByte", Get("X-A: a\x7f\r\n"), 400, kControl},
        Case{"NameWithHighByte", Get("X-\xc3\xa4: a\r\n"), 400, kName},
        Case{"TooManyFields", Get(ManyFields()), 431, "The header has too many fields."},
        Case{"HeaderTooLarge", Get("X-A: " + std::string(40000, 'a') + "\r\n"), 431, "The header is too large."},
        Case{"TargetTooLong", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: app.test\r\n\r\n", 414,
             "The request target is too long."},
        Case{"TargetWithoutEnd", "GET /" + std::string(40000, 'a'), 414, "The request target is too long."}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    RequestLineAndHost, RefusedRequest,
    testing::Values(
        Case{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400, "Host is missing."},
        Case{"NoHostInHttp10", "GET / HTTP/1.0\r\n\r\n", 400, "Host is missing."},
        Case{"TwoHosts", Get("Host: dash.test\r\n"), 400, "Host is given more than once."},
        Case{"SameHostTwice", Get("Host: app.test\r\n"), 400, "Host is given more than once."},
        Case{"EmptyHost", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "Host is malformed."},
        Case{"HostWithUser", "GET / HTTP/1.1\r\nHost: dash.test@app.test\r\n\r\n", 400, "Host is malformed."},
        Case{"HostWithSlash", "GET / HTTP/1.1\r\nHost: app.test/x\r\n\r\n", 400, "Host is malformed."},
        Case{"HostWithSpace", "GET / HTTP/1.1\r\nHost: app.test dash.test\r\n\r\n", 400, "Host is malformed."},
        Case{"HostList", "GET / HTTP/1.1\r\nHost: app.test, dash.test\r\n\r\n", 400, "Host is malformed."},
        Case{"HostWithQuote", "GET / HTTP/1.1\r\nHost: app.test\"\r\n\r\n", 400, "Host is malformed."},
        Case{"HostWithBadPort", "GET / HTTP/1.1\r\nHost: app.test:99999\r\n\r\n", 400, "Host is malformed."},
        Case{"HostWithWordPort", "GET / HTTP/1.1\r\nHost: app.test:http\r\n\r\n", 400, "Host is malformed."},
        Case{"AbsoluteFormWithUser", "GET http://a@app.test/ HTTP/1.1\r\nHost: app.test\r\n\r\n", 400,
             "The host in the request target is malformed."},
        Case{"AbsoluteFormOfFtp", "GET ftp://app.test/ HTTP/1.1\r\nHost: app.test\r\n\r\n", 400,
             "The request target is malformed."},
        Case{"AbsoluteFormWithoutHostField", "GET http://app.test/ HTTP/1.1\r\n\r\n", 400, "Host is missing."},
        Case{"Connect", "CONNECT app.test:443 HTTP/1.1\r\nHost: app.test\r\n\r\n", 405, "CONNECT is not offered here."},
        Case{"Trace", "TRACE / HTTP/1.1\r\nHost: app.test\r\n\r\n", 405, "TRACE is not offered here."},
        Case{"AsteriskGet", "GET * HTTP/1.1\r\nHost: app.test\r\n\r\n", 400,
             "The request target '*' is for OPTIONS only."},
        Case{"RelativeTarget", "GET index.html HTTP/1.1\r\nHost: app.test\r\n\r\n", 400,
             "The request target is malformed."},
        Case{"Fragment", "GET /#x HTTP/1.1\r\nHost: app.test\r\n\r\n", 400, "The request target has a fragment."},
        Case{"TwoSpaces", "GET  / HTTP/1.1\r\nHost: app.test\r\n\r\n", 400, "The request is malformed."},
        Case{"TabInRequestLine", "GET\t/ HTTP/1.1\r\nHost: app.test\r\n\r\n", 400, "The request is malformed."},
        Case{"SpaceInTarget", "GET /a b HTTP/1.1\r\nHost: app.test\r\n\r\n", 505,
             "Only HTTP/1.0 and HTTP/1.1 are spoken here."},
        Case{"Http09", "GET /\r\n\r\n", 400, "The request is malformed."},
        Case{"Http2", "PRI * HTTP/2.0\r\n\r\n", 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here."},
        Case{"Http12", "GET / HTTP/1.2\r\nHost: app.test\r\n\r\n", 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here."},
        Case{"LowerCaseVersion", "GET / http/1.1\r\nHost: app.test\r\n\r\n", 505,
             "Only HTTP/1.0 and HTTP/1.1 are spoken here."},
        Case{"UnknownExpectation", Get("Expect: the-unexpected\r\n"), 417, "Only 100-continue can be expected."}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

// A chunked body shows its fault only after the head went on; the app must see a body that never ends.
class RefusedBody : public testing::TestWithParam<Case> {};

TEST_P(RefusedBody, EndsBothConnectionsWithoutALastChunk) {
  std::string seen;
  std::string answer;
  {
    RawUpstream app([&](RawConnection& connection) { seen = connection.ReadToEnd(); });
    const TestGateway gateway(app.port());
    answer = gateway.Exchange(Post("Transfer-Encoding: chunked\r\n") + GetParam().request);
    while (app.connections() == 0) std::this_thread::yield();
  }
  EXPECT_EQ(answer, Refused(400, "The chunked body is malformed.", "X-Robots-Tag: noindex\r\n"));
  EXPECT_THAT(seen, testing::StartsWith("POST / HTTP/1.1\r\nHost: app.test\r\n"));
  EXPECT_THAT(seen, testing::Not(testing::HasSubstr("0\r\n\r\n")));
  EXPECT_THAT(seen, testing::Not(testing::HasSubstr("hidden")));
}

INSTANTIATE_TEST_SUITE_P(
    Chunks, RefusedBody,
    testing::Values(
        Case{"SizeIsNoNumber", "xyz\r\nabc\r\n0\r\n\r\nhidden"},
        Case{"SizeWithPrefix", "0x3\r\nabc\r\n0\r\n\r\nhidden"}, Case{"SizeWithSign", "+3\r\nabc\r\n0\r\n\r\nhidden"},
        Case{"NegativeSize", "-3\r\nabc\r\n0\r\n\r\nhidden"}, Case{"SizeWithSpace", "3 \r\nabc\r\n0\r\n\r\nhidden"},
        Case{"SpaceBeforeSize", " 3\r\nabc\r\n0\r\n\r\nhidden"}, Case{"EmptySize", "\r\nabc\r\n0\r\n\r\nhidden"},
        Case{"SizeOverflow", "10000000000000003\r\nabc\r\n0\r\n\r\nhidden"},
        Case{"SizeEndsInLf", "3\nabc\r\n0\r\n\r\nhidden\r\n"}, Case{"DataTooLong", "3\r\nabcd\r\n0\r\n\r\nhidden"},
        Case{"DataEndsInLf", "3\r\nabc\n0\r\n\r\nhidden"},
        Case{"LongExtension", "3;a=" + std::string(300, 'b') + "\r\nabc\r\n0\r\n\r\nhidden"},
        Case{"EndlessExtension", "3;a=" + std::string(9000, 'b')},
        Case{"LfInExtension", "3;a\nb\r\nabc\r\n0\r\n\r\nhidden"},
        Case{"TrailersTooLong", "0\r\nX-A: " + std::string(9000, 'b')},
        Case{"LengthInTrailers", "0\r\nContent-Length: 5\r\n\r\nhidden"}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

}  // namespace
}  // namespace perch::gateway
