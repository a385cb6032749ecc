#pragma once

#include "aws/endpoints.h"
#include "aws/failure.h"
#include "net/remote.h"

namespace perch::aws {

/// Code, message and request id of an answer that is an error, in each of AWS's forms (XML of query, EC2 and S3, JSON;
/// headers where there is no body), classified.
Failure ReadFailure(Service service, const net::RemoteResponse& response);

/// Whether an S3 answer with status 200 is an error all the same: it began before the work was done.
bool IsErrorDespiteStatus(Service service, const net::RemoteResponse& response);

}  // namespace perch::aws
