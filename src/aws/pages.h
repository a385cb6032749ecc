#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aws/failure.h"

namespace perch::aws {

/// A page of a list. `next` asks for the one after it; "" for the last.
template <typename T>
struct Page {
  std::vector<T> items;
  std::string next;
};

/// A list that AWS hands out in pages: the only way to get at one, so that no caller can forget the second page. It
/// ends in exactly one of two ways: after the last page, or with a Failure as its last element. Each page is asked for
/// when it is reached. Copies start anew.
///
///     for (Answer<std::vector<Stack>>& page : cloudformation.DescribeStacks()) {
///       if (!page) return Fail(page.error());
///
template <typename T>
class Pages {
 public:
  using Fetch = std::function<Answer<Page<T>>(const std::string& token)>;
  explicit Pages(Fetch fetch) : fetch_(std::move(fetch)) {}

  class Iterator {
   public:
    explicit Iterator(const Fetch& fetch) : fetch_(&fetch) { Advance(); }
    Answer<std::vector<T>>& operator*() { return *page_; }
    Answer<std::vector<T>>* operator->() { return &*page_; }
    Iterator& operator++() {
      Advance();
      return *this;
    }
    friend bool operator==(const Iterator& at, std::nullptr_t) { return !at.page_; }

   private:
    void Advance() {
      page_.reset();
      if (ended_) return;
      Answer<Page<T>> got = (*fetch_)(token_);
      if (!got) {
        ended_ = true;
        page_ = Failed(std::move(got.error()));
        return;
      }
      // AWS marks the end by no token; a token seen before would go round for ever.
      if (!got->next.empty() && !seen_.insert(got->next).second) {
        ended_ = true;
        page_ = Failed({.message = "the list's pages go round in a circle: a page's token came twice"});
        return;
      }
      token_ = std::move(got->next);
      ended_ = token_.empty();
      page_ = std::move(got->items);
    }

    const Fetch* fetch_;
    std::string token_;
    std::set<std::string> seen_;
    bool ended_ = false;
    std::optional<Answer<std::vector<T>>> page_;
  };

  Iterator begin() const { return Iterator(fetch_); }
  std::nullptr_t end() const { return nullptr; }

  /// Calls `each` for every element until it returns false. An error is an error, though elements came before it.
  Answer<void> ForEach(const std::function<bool(T&)>& each) const {
    for (Answer<std::vector<T>>& page : *this) {
      if (!page) return Failed(page.error());
      for (T& item : *page) {
        if (!each(item)) return {};
      }
    }
    return {};
  }

  /// All elements, or the error: never a part of them.
  Answer<std::vector<T>> All() const {
    std::vector<T> all;
    for (Answer<std::vector<T>>& page : *this) {
      if (!page) return Failed(page.error());
      all.insert(all.end(), std::make_move_iterator(page->begin()), std::make_move_iterator(page->end()));
    }
    return all;
  }

 private:
  Fetch fetch_;
};

}  // namespace perch::aws
