#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/process.h"
#include "gateway/test_peers.h"

namespace perch::gateway {
namespace {

std::string RunProgram(std::vector<std::string> argv, std::string input = "") {
  Result<ProcessResult> result = RunProcess({.argv = std::move(argv), .input = std::move(input)});
  if (!result) return result.error().Text();
  return result->Succeeded() ? result->out : DescribeExit(result->exit_code) + ": " + result->err;
}

class Tls : public testing::Test {
 protected:
  Tls() {
    std::string pattern = (std::filesystem::temp_directory_path() / "perch-tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    MakeCertificate("first");
    Install("first", true);
  }
  ~Tls() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ / name; }

  void MakeCertificate(const std::string& name) {
    RunProgram({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:app.test", "-keyout",
                Path(name + ".key"), "-out", Path(name + ".crt")});
  }

  void Install(const std::string& name, bool key_too) {
    std::filesystem::rename(CopyOf(name + ".crt"), Path("served.crt"));
    if (key_too) std::filesystem::rename(CopyOf(name + ".key"), Path("served.key"));
  }

  Gateway::Options Options() const {
    Gateway::Options options;
    options.tls = Gateway::Tls{.certificate = Path("served.crt"), .key = Path("served.key")};
    return options;
  }

  // curl that trusts exactly the named certificate.
  std::string Curl(const TestGateway& gateway, const std::string& trusted, std::vector<std::string> more = {}) {
    std::vector<std::string> argv = {"curl",
                                     "-sS",
                                     "--max-time",
                                     "20",
                                     "--cacert",
                                     Path(trusted + ".crt"),
                                     "--resolve",
                                     "app.test:" + std::to_string(gateway.port()) + ":127.0.0.1",
                                     "https://app.test:" + std::to_string(gateway.port()) + "/"};
    argv.insert(argv.end(), more.begin(), more.end());
    return RunProgram(std::move(argv));
  }

 private:
  std::filesystem::path CopyOf(const std::string& name) const {
    const std::filesystem::path copy = Path(name + ".new");
    std::filesystem::copy_file(Path(name), copy, std::filesystem::copy_options::overwrite_existing);
    return copy;
  }

  std::filesystem::path folder_;
};

TEST_F(Tls, ServesAndTellsTheAppSo) {
  RawUpstream app(Echo());
  const TestGateway gateway(app.port(), Options());
  const std::string seen = Curl(gateway, "first", {"-d", "hello"});
  EXPECT_THAT(seen, testing::HasSubstr("X-Forwarded-Proto: https\r\n"));
  EXPECT_THAT(seen, testing::HasSubstr(";proto=https\r\n"));
  EXPECT_THAT(seen, testing::EndsWith("\r\n\r\nhello"));
}

TEST_F(Tls, RelaysAnswersThatEndWithTheConnection) {
  RawUpstream app(AnswerAndClose("HTTP/1.0 200 OK\r\n\r\n" + std::string(300'000, 'x')));
  const TestGateway gateway(app.port(), Options());
  EXPECT_EQ(Curl(gateway, "first", {"--http1.0"}), std::string(300'000, 'x'));
}

TEST_F(Tls, TakesANewCertificateAndKeepsTheOldOneWhileTheNewIsBroken) {
  RawUpstream app(AnswerAndClose("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  const TestGateway gateway(app.port(), Options());
  EXPECT_EQ(Curl(gateway, "first"), "ok");
  MakeCertificate("second");
  Install("second", false);  // its key has not come yet: the pair does not fit
  const auto until = [&](const std::string& trusted, const std::string& wanted) {
    std::string seen;
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    do {
      seen = Curl(gateway, trusted);
    } while (seen != wanted && std::chrono::steady_clock::now() < give_up);
    return seen;
  };
  EXPECT_EQ(until("first", "ok"), "ok");
  Install("second", true);
  EXPECT_EQ(until("second", "ok"), "ok");
  EXPECT_THAT(Curl(gateway, "first"), testing::StartsWith("exit code 60: "));
}

TEST_F(Tls, RefusesToStartWithoutAUsablePair) {
  Gateway::Options options = Options();
  const RouteTable routes({.domain = "test"});
  options.router = &routes;
  options.listen = {"127.0.0.1:0"};
  options.tls->key = Path("absent.key");
  const Result<std::unique_ptr<Gateway>> gateway = Gateway::Start(std::move(options));
  ASSERT_FALSE(gateway);
  EXPECT_EQ(gateway.error().Text(),
            "cannot use the TLS certificate: " + Path("absent.key") +
                ": No such file or directory\n  Give a PEM file with the certificate chain, and one "
                "with its unencrypted key.");
}

}  // namespace
}  // namespace perch::gateway
