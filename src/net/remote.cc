#include "net/remote.h"

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "base/text.h"
#include "net/curl_library.h"

namespace perch::net {
namespace {

constexpr std::size_t kKeptHandles = 16;  // each keeps a connection or two

/// libcurl with OpenSSL may raise SIGPIPE on a connection that the peer has closed: held back while a request runs.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoPipeSignal() {
    const timespec none = {};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &none);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;

 private:
  sigset_t pipe_, before_;
  bool was_pending_ = false;
};

/// A request handle with the connections it keeps; used by one thread at a time.
struct Handle {
  explicit Handle(const CurlLibrary& library) : curl(library), easy(curl.easy_init()), multi(curl.multi_init()) {}
  ~Handle() {
    if (easy) curl.easy_cleanup(easy);
    if (multi) curl.multi_cleanup(multi);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  const CurlLibrary& curl;
  CURL* easy;
  CURLM* multi;
};

struct Lines {
  explicit Lines(const CurlLibrary& library) : curl(library) {}
  ~Lines() { curl.slist_free_all(list); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  void Add(const std::string& line) { list = curl.slist_append(list, line.c_str()); }

  const CurlLibrary& curl;
  curl_slist* list = nullptr;
};

/// What the callbacks fill.
struct Received {
  RemoteResponse response;
  std::size_t limit = 0;
  bool too_large = false;
  bool head_ended = false;  // libcurl takes a head that a closed connection cut for a whole one
};

std::size_t OnBody(char* data, std::size_t, std::size_t size, void* user) {
  Received& received = *static_cast<Received*>(user);
  if (received.response.body.size() + size > received.limit) {
    received.too_large = true;
    return 0;
  }
  received.response.body.append(data, size);
  return size;
}

std::size_t OnHeader(char* data, std::size_t, std::size_t size, void* user) {
  Received& received = *static_cast<Received*>(user);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {  // the answer proper begins anew after "100 Continue" and a proxy's own answer
    received.response.headers.clear();
    received.head_ended = false;
    return size;
  }
  if (Trim(line).empty()) received.head_ended = true;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || received.response.headers.size() > 500) return size;
  received.response.headers.emplace_back(line.substr(0, colon), Trim(line.substr(colon + 1)));
  return size;
}

/// A URL for people: without its query, which may hold what is nobody's business.
std::string ShownUrl(std::string_view url) { return std::string(url.substr(0, url.find('?'))); }

bool HasHeader(const Headers& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& h) { return EqualsIgnoreCase(h.first, name); });
}

Status CheckText(const RemoteRequest& request) {
  const auto clean = [](std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
  };
  bool ok = clean(request.url) && clean(request.method) && !request.method.empty();
  for (const auto& [name, value] : request.headers) {
    ok = ok && clean(name) && clean(value) && !name.empty() && name.find_first_of(": ;") == name.npos;
  }
  if (ok) return {};
  return Fail({.kind = ErrorKind::kUsage,
               .what = "cannot ask another machine",
               .where = Printable(ShownUrl(request.url)),
               .why = "the URL, the method or a header holds a line end or is empty"});
}

ErrorKind KindOf(CURLcode code, std::string_view url) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return ErrorKind::kUsage;
    case CURLE_UNSUPPORTED_PROTOCOL:  // of the URL, or an answer that is not HTTP
      return url.starts_with("http://") || url.starts_with("https://") ? ErrorKind::kUnavailable : ErrorKind::kUsage;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_OUT_OF_MEMORY:
      return ErrorKind::kFailed;
    default:
      return ErrorKind::kUnavailable;
  }
}

class CurlTransport : public Transport {
 public:
  explicit CurlTransport(std::string ca_file) : ca_file_(std::move(ca_file)) {
    for (const char* name : {"SSL_CERT_FILE", "CURL_CA_BUNDLE"}) {
      const char* const file = std::getenv(name);
      if (ca_file_.empty() && file) ca_file_ = file;
    }
  }

  Result<RemoteResponse> Send(const RemoteRequest& request, std::stop_token stop) override {
    if (Status ok = CheckText(request); !ok) return Fail(ok.error());
    Result<const CurlLibrary*> curl = LoadCurl();
    if (!curl) return Fail(curl.error());
    std::unique_ptr<Handle> handle = Take(**curl);
    if (!handle->easy || !handle->multi) return Fail({.what = "libcurl is out of memory"});
    Result<RemoteResponse> response = Perform(*handle, request, stop);
    Give(std::move(handle));
    return response;
  }

 private:
  std::unique_ptr<Handle> Take(const CurlLibrary& curl) {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Handle>(curl);
    std::unique_ptr<Handle> handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }

  void Give(std::unique_ptr<Handle> handle) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kKeptHandles) idle_.push_back(std::move(handle));
  }

  void SetUp(Handle& handle, const RemoteRequest& request, Lines& lines, Received& received, char* error) {
    CURL* const easy = handle.easy;
    const CurlLibrary& curl = handle.curl;
    curl.easy_reset(easy);
    curl.easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl.easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);  // "//" and ".." are parts of S3 keys, and signed
    curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(easy, CURLOPT_HTTP_VERSION, long(CURL_HTTP_VERSION_1_1));
    curl.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!ca_file_.empty()) curl.easy_setopt(easy, CURLOPT_CAINFO, ca_file_.c_str());
    if (!request.use_proxy) curl.easy_setopt(easy, CURLOPT_PROXY, "");
    curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, long(request.connect_timeout.count()));
    curl.easy_setopt(easy, CURLOPT_TIMEOUT_MS, long(request.timeout.count()));
    curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, &OnBody);
    curl.easy_setopt(easy, CURLOPT_WRITEDATA, &received);
    curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
    curl.easy_setopt(easy, CURLOPT_HEADERDATA, &received);
    curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, error);

    if (request.method == "HEAD") {
      curl.easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else {
      if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
        curl.easy_setopt(easy, CURLOPT_POST, 1L);
        curl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.size()));
        curl.easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
      }
      curl.easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    for (const auto& [name, value] : request.headers) lines.Add(value.empty() ? name + ";" : name + ": " + value);
    for (const char* name : {"Accept", "Expect", "Content-Type"}) {  // what libcurl would add of its own
      if (!HasHeader(request.headers, name)) lines.Add(std::string(name) + ":");
    }
    curl.easy_setopt(easy, CURLOPT_HTTPHEADER, lines.list);
  }

  Result<RemoteResponse> Perform(Handle& handle, const RemoteRequest& request, const std::stop_token& stop) {
    const NoPipeSignal no_signal;
    const CurlLibrary& curl = handle.curl;
    Received received{.limit = request.body_limit};
    Lines lines(curl);
    char error[CURL_ERROR_SIZE] = "";
    SetUp(handle, request, lines, received, error);

    std::optional<CURLcode> code;
    {
      const std::stop_callback wake(stop, [&] { curl.multi_wakeup(handle.multi); });
      curl.multi_add_handle(handle.multi, handle.easy);
      while (!code && !stop.stop_requested()) {
        int running = 0;
        if (curl.multi_perform(handle.multi, &running) != CURLM_OK) code = CURLE_OUT_OF_MEMORY;
        int left = 0;
        while (const CURLMsg* const message = curl.multi_info_read(handle.multi, &left)) {
          if (message->msg == CURLMSG_DONE) code = message->data.result;
        }
        if (!code) curl.multi_poll(handle.multi, nullptr, 0, 1000, nullptr);
      }
      curl.multi_remove_handle(handle.multi, handle.easy);
    }
    if (code == CURLE_OK && !received.head_ended) code = CURLE_GOT_NOTHING;
    if (code != CURLE_OK) return Fail(Explain(handle, request, received, code, error));
    long status = 0;
    curl.easy_getinfo(handle.easy, CURLINFO_RESPONSE_CODE, &status);
    received.response.status = int(status);
    return std::move(received.response);
  }

  static Error Explain(const Handle& handle, const RemoteRequest& request, const Received& received,
                       std::optional<CURLcode> code, const char* error) {
    Error failure{.what = "cannot ask another machine", .where = Printable(ShownUrl(request.url))};
    if (!code) {
      failure.kind = ErrorKind::kCancelled;
      failure.why = "it was stopped";
    } else if (received.too_large) {
      failure.kind = ErrorKind::kFailed;
      failure.why = "the answer is larger than " + FormatBytes(std::int64_t(received.limit));
    } else {
      failure.kind = KindOf(*code, request.url);
      failure.why = Printable(*error ? error : handle.curl.easy_strerror(*code));
    }
    return failure;
  }

  std::string ca_file_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;
};

}  // namespace

std::unique_ptr<Transport> MakeTransport(const std::string& ca_file) {
  return std::make_unique<CurlTransport>(ca_file);
}

}  // namespace perch::net
