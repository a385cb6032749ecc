#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "aws/s3.h"
#include "base/clock.h"
#include "base/error.h"

namespace perch::beanstalk {

/// When it was first seen that a stack's branch is gone.
struct Mark {
  std::string branch;
  Time first_seen;

  friend bool operator==(const Mark&, const Mark&) = default;
};
using Marks = std::map<std::string, Mark>;  ///< by StackId

/// Where marks are kept: one object on S3.
struct MarksPlace {
  std::string bucket, key;
};

/// Reads "s3://BUCKET/KEY"; kUsage for anything else.
Result<MarksPlace> ParseMarksPlace(std::string_view text);

/// JSON; ParseMarks takes what FormatMarks gives, and nothing that is damaged (kRefused).
std::string FormatMarks(const Marks& marks);
Result<Marks> ParseMarks(std::string_view text, const std::string& where);

/// The marks in their object. Written only over exactly what was read: of two sweeps at once, one reads again.
class MarksStore {
 public:
  MarksStore(aws::S3 s3, MarksPlace place) : s3_(std::move(s3)), place_(std::move(place)) {}

  /// What is recorded; an object that is not there yet has nothing. A missing bucket, a damaged object and a missing
  /// permission are kRefused.
  Result<Marks> Read() const;
  /// Writes what `change` makes of what is there, unless that is the same; up to 4 times when others write as well.
  Status Update(const std::function<Marks(const Marks&)>& change) const;

 private:
  struct Found {
    Marks marks;
    std::string etag;  ///< "" when there is no object
  };
  Result<Found> Load() const;
  std::string Where() const { return "s3://" + place_.bucket + "/" + place_.key; }

  aws::S3 s3_;
  MarksPlace place_;
};

}  // namespace perch::beanstalk
