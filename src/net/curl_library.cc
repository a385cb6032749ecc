#include "net/curl_library.h"

#include <dlfcn.h>

#include <string>

namespace perch::net {
namespace {

template <typename F>
void Find(void* library, const char* name, F*& function, std::string& missing) {
  function = reinterpret_cast<F*>(::dlsym(library, name));
  if (!function) missing = name;
}

std::unexpected<Error> Missing(std::string why) {
  return Fail({.what = "cannot load libcurl",
               .why = std::move(why),
               .hint = "Install it: on Debian and Ubuntu, apt install libcurl4."});
}

}  // namespace

Result<CurlLibrary> OpenCurl(const char* file) {
  void* const library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* const why = ::dlerror();
    return Missing(why ? why : file);
  }
  CurlLibrary curl{};
  std::string missing;
  Find(library, "curl_global_init", curl.global_init, missing);
  Find(library, "curl_easy_init", curl.easy_init, missing);
  Find(library, "curl_easy_cleanup", curl.easy_cleanup, missing);
  Find(library, "curl_easy_reset", curl.easy_reset, missing);
  Find(library, "curl_easy_setopt", curl.easy_setopt, missing);
  Find(library, "curl_easy_getinfo", curl.easy_getinfo, missing);
  Find(library, "curl_easy_strerror", curl.easy_strerror, missing);
  Find(library, "curl_multi_init", curl.multi_init, missing);
  Find(library, "curl_multi_cleanup", curl.multi_cleanup, missing);
  Find(library, "curl_multi_add_handle", curl.multi_add_handle, missing);
  Find(library, "curl_multi_remove_handle", curl.multi_remove_handle, missing);
  Find(library, "curl_multi_perform", curl.multi_perform, missing);
  Find(library, "curl_multi_poll", curl.multi_poll, missing);
  Find(library, "curl_multi_wakeup", curl.multi_wakeup, missing);
  Find(library, "curl_multi_info_read", curl.multi_info_read, missing);
  Find(library, "curl_slist_append", curl.slist_append, missing);
  Find(library, "curl_slist_free_all", curl.slist_free_all, missing);
  if (!missing.empty()) return Missing(std::string(file) + " has no " + missing);
  if (const CURLcode code = curl.global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
    return Missing(curl.easy_strerror(code));
  }
  return curl;
}

Result<const CurlLibrary*> LoadCurl() {
  static const Result<CurlLibrary> library = OpenCurl("libcurl.so.4");
  if (!library) return Fail(library.error());
  return &*library;
}

}  // namespace perch::net
