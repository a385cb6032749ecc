"""Create, update, nothing to do, changes that are refused, progress and causes: change.py PROBE [case …]"""

from world import equal, group, holds, queue, run, tags, template


def a_new_stack_is_created_and_told_event_by_event(world):
    made = world.apply(1)
    equal(made.result, "changed CREATE_COMPLETE Generation=1")
    equal(made.told("change"), ["Add Queue "])
    equal(made.told("event"), ["shop-cart CREATE_IN_PROGRESS: User Initiated", "Queue CREATE_IN_PROGRESS", "Queue CREATE_IN_PROGRESS: Resource creation Initiated", "Queue CREATE_COMPLETE", "shop-cart CREATE_COMPLETE"])
    equal({t["Key"]: t["Value"] for t in world.stack()["Tags"]}, tags())


def an_update_tells_only_its_own_events(world):
    world.apply(1)
    updated = world.apply(2)
    holds(updated.result, "changed UPDATE_COMPLETE")
    holds(updated.result, "Generation=2")
    equal(updated.told("change"), ["Modify Queue False"])
    equal(updated.told("event")[:3], ["shop-cart UPDATE_IN_PROGRESS: User Initiated", "Queue UPDATE_IN_PROGRESS", "Queue UPDATE_COMPLETE"])


def nothing_to_do_is_four_calls_and_leaves_no_change_set(world):
    world.apply(1)
    world.settled()
    world.forget()
    equal(world.apply(1).result, "unchanged CREATE_COMPLETE Generation=1")
    equal(world.asked(), ["DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "DeleteChangeSet"])
    equal(world.cfn.list_change_sets(StackName="shop-cart")["Summaries"], [])


def only_outputs_may_count_or_not(world):
    world.apply(1)
    more = template(1, outputs={"Commit": {"Value": "3f2a91c"}})
    equal(world.apply(1, template=more).result, "unchanged CREATE_COMPLETE Generation=1")
    world.peer.tell("options", outputs_are_changes=True)
    done = world.apply(1, template=more)
    holds(done.result, "changed UPDATE_COMPLETE")
    holds(done.result, "Commit=3f2a91c")
    equal(done.told("change"), [])


def what_is_protected_is_neither_replaced_nor_removed(world):
    world.make(template(1, Group=group("one"), Queue=queue()))
    for body, what in ((template(2, Group=group("two"), Queue=queue()), "change Modify Group True"), (template(2, Queue=queue()), "change Remove Group ")):
        refused = world.apply(2, template=body, protected=["Group"])
        equal(refused.result, "refused: the change would replace or remove what is protected: shop-cart: Group (AWS::EC2::SecurityGroup)\n  Undo the setting that causes it, or move the data by hand first.")
        holds("\n".join(refused.lines), what)
    equal(world.status(), "CREATE_COMPLETE")
    equal(world.cfn.list_change_sets(StackName="shop-cart")["Summaries"], [])
    holds(world.apply(3, template=template(3, Group=group("one"), Queue=queue(3)), protected=["Group"]).result, "changed UPDATE_COMPLETE")


def who_does_not_agree_changes_nothing(world):
    equal(world.apply(1, agree=0).result, "refused: nobody agreed")
    equal(world.status(), "REVIEW_IN_PROGRESS")
    equal(world.apply(1).result, "changed CREATE_COMPLETE Generation=1")


def a_large_template_goes_by_url(world):
    world.s3.create_bucket(Bucket="versions", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    body = template(1, **{f"Queue{i}": {**queue(), "Metadata": {"Text": "x" * 600}} for i in range(90)})
    if len(body) < 51200:
        raise AssertionError("it is too small")
    world.s3.put_object(Bucket="versions", Key="t/shop.json", Body=body.encode())
    url = "https://versions.s3.eu-central-1.amazonaws.com/t/"
    made = world.apply(1, url=url + "shop.json")
    equal(made.result, "changed CREATE_COMPLETE Generation=1")
    equal(len(made.told("event")), 2 + 90 * 3)
    equal(len(set(made.told("event"))), 2 + 90 * 3)
    holds(world.apply(2, url=url + "none.json").result, "failed: CloudFormation did not do CreateChangeSet")


def a_role_once_given_stays(world):
    world.apply(1)
    role = "arn:aws:iam::123456789012:role/perch-shop"
    world.apply(2, role=role)
    equal(world.stack()["RoleARN"], role)
    world.settled()
    world.apply(3)
    equal(world.stack()["RoleARN"], role)


def termination_protection_is_switched_on_once(world):
    world.apply(1, protect=1)
    equal(world.stack()["EnableTerminationProtection"], True)
    world.forget()
    world.apply(1, protect=1)
    equal(len(world.calls("UpdateTerminationProtection")), 0)
    world.apply(1)
    equal(world.stack()["EnableTerminationProtection"], True)


def the_cause_of_a_failing_create_is_the_first_real_one(world):
    world.peer.tell("fail", resource="Queue", reason="No queues today", on="create")
    failed = world.apply(1, template=template(1, Queue=queue(), Group=group(), Other=group("other")))
    equal(failed.told("cause"), ["Queue: No queues today"])
    equal(failed.result, "failed: the stack shop-cart failed: Queue (AWS::SQS::Queue): No queues today\n  Mend that and run it again: perch deletes what is left of the attempt and begins anew.")
    equal(failed.told("event")[-1], "shop-cart ROLLBACK_COMPLETE")


def the_cause_of_a_failing_update_is_the_first_real_one(world):
    world.make(template(1, Queue=queue(1), Group=group()))
    world.peer.tell("fail", resource="Queue", reason="the hook 02_release.sh ended with 1", on="update", tail="Traceback: no table")
    failed = world.apply(2, template=template(2, Queue=queue(2), Group=group(), Other={**group("x"), "DependsOn": "Group"}))
    equal(failed.result, "failed: the stack shop-cart failed: Queue (AWS::SQS::Queue): the hook 02_release.sh ended with 1\n  The stack is what it was before. Mend that and run it again.")
    equal(failed.told("event")[-1], "shop-cart UPDATE_ROLLBACK_COMPLETE")
    holds(world.apply(3, template=template(3, Queue=queue(3), Group=group())).result, "changed UPDATE_COMPLETE")


def roles_may_have_names(world):
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "shop-cart-app", "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}}
    equal(world.apply(1, template=template(1, Role=role)).result, "changed CREATE_COMPLETE Generation=1")


def a_refused_change_says_why(world):
    holds(world.apply(1, tags={**tags(), "aws:mine": "no"}).result, "failed: CloudFormation did not do CreateChangeSet: 127.0.0.1")
    equal(world.status(), None)


def events_over_many_pages_are_each_told_once(world):
    world.peer.tell("options", page_size=7)
    many = {f"Queue{i}": queue() for i in range(20)}
    made = world.apply(1, template=template(1, **many), poll=5)
    equal(len(made.told("event")), 2 + 20 * 3)
    equal(len(set(made.told("event"))), 2 + 20 * 3)
    first = {}
    for line in made.told("event"):
        first.setdefault(line.split()[0], []).append(line.split()[1].rstrip(":"))
    equal(set(map(tuple, (v for k, v in first.items() if k != "shop-cart"))), {("CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE")})
    world.settled()
    world.forget()
    world.apply(2, template=template(2, **{**many, "Queue3": queue(5)}), poll=5)
    pages = [c for c in world.calls("DescribeStackEvents") if int(c["parameters"].get("NextToken", 0)) > 14]
    equal(pages, [], "older pages than those of the operation were read")


run([v for k, v in list(globals().items()) if callable(v) and getattr(v, "__module__", "") == "__main__"])
