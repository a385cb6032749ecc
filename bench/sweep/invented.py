#!/usr/bin/env python3
"""A proxy before the AWS peer whose buckets have a number of versions that nobody stored: listed page by page, and gone when they are deleted."""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "peers"))
import relay  # noqa: E402

LEFT = {"versions": 0, "lists": 0, "deletes": 0}
XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
XML = [("Content-Type", "application/xml")]


class Invented(relay.Relay):
    def controls(self, what):
        return what == "invented"

    def control(self, what, given):
        LEFT.update(given)
        return LEFT

    def handle_call(self, request):
        if request.operation == "ListObjectVersions":
            LEFT["lists"] += 1
            here = min(1000, LEFT["versions"])
            cut = LEFT["versions"] > here
            rows = "".join(f"<Version><Key>uploads/customers/invoices/{LEFT['versions'] - i:010}.pdf</Key><VersionId>{LEFT['versions'] - i:032x}</VersionId><IsLatest>true</IsLatest>"
                           f"<LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Version>" for i in range(here))
            following = f"<NextKeyMarker>k{LEFT['versions']}</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>" if cut else ""
            text = f"<ListVersionsResult {XMLNS}><EncodingType>url</EncodingType><IsTruncated>{str(cut).lower()}</IsTruncated>{following}{rows}</ListVersionsResult>"
            self.reply(200, XML, text.encode())
        elif request.operation == "DeleteObjects":
            LEFT["deletes"] += 1
            LEFT["versions"] -= self.body.count(b"<Object>")
            self.reply(200, XML, f"<DeleteResult {XMLNS}/>".encode())
        else:
            self.reply(*self.forward())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    relay.serve(Invented, given.upstream, given.port)
