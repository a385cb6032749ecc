"""Every state of a stack has its way: to what is asked, or away. repair.py PROBE [case …]"""

from world import equal, group, holds, queue, run, tags, template, until

REVIEW = "an earlier attempt left a stack that can only be deleted: "


def left_in(world, status, **more):
    """A stack whose creation failed: its id."""
    world.peer.tell("fail", resource="Queue", reason="No queues today", on="create")
    if status == "ROLLBACK_FAILED":
        world.peer.tell("fail", resource="Group", reason="It holds on", on="rollback")
    if status == "CREATE_FAILED":
        more["DisableRollback"] = True
    made = world.make(template(1, Group=group(), Queue={**queue(), "DependsOn": "Group"}), **more)
    equal(world.status(), status)
    world.forget()
    return made


def stuck_going_back(world, times):
    """UPDATE_ROLLBACK_FAILED, whose Queue fails to go back `times` times in all."""
    world.make(template(1, Queue=queue(1), Group=group()))
    world.peer.tell("fail", resource="Late", on="create")
    world.peer.tell("fail", resource="Queue", on="rollback", reason="stuck", times=times)
    world.update(template(2, Queue=queue(2), Group=group(), Late={**group(), "DependsOn": "Queue"}))
    equal(world.settled(), "UPDATE_ROLLBACK_FAILED")
    world.forget()


def a_review_with_a_change_set_of_somebody_who_was_killed_is_used(world):
    for name in ("perch", "perch-0123456789ab"):
        world.cfn.create_change_set(StackName="shop-cart", ChangeSetName=name, ChangeSetType="CREATE", TemplateBody=template(7))
    before = world.stack()["StackId"]
    equal(world.apply(1).result, "changed CREATE_COMPLETE Generation=1")
    equal(world.stack()["StackId"], before)


def a_failed_creation_is_deleted_and_made_again(world):
    for status in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"):
        world.reset()
        before = left_in(world, status)
        done = world.apply(2)
        equal(done.result, "changed CREATE_COMPLETE Generation=2")
        equal(done.told("note"), [REVIEW + status])
        equal(done.told("before_delete"), [status])
        if world.stack()["StackId"] == before:
            raise AssertionError("it is the old stack")


def only_what_carries_the_same_identity_is_deleted(world):
    for mine, why in (({}, "no name of perch's"), (tags("feature/other"), "perch:app=shop, perch:branch=feature/other, perch:owner=perch"), ({**tags(), "perch:owner": "other"}, "perch:owner=other")):
        world.reset()
        before = left_in(world, "ROLLBACK_COMPLETE", tagged=mine)
        done = world.apply(2)
        holds(done.result, "refused: the stack shop-cart is another's")
        holds(done.result, why)
        equal(world.stack()["StackId"], before)
        equal(world.asked(), ["DescribeStacks", "DescribeStacks"])
    world.reset()
    left_in(world, "ROLLBACK_COMPLETE", tagged={})
    equal(world.apply(2, tags={}).result, "refused: the stack shop-cart must not be deleted: it lacks perch's owner mark")


def another_stack_of_the_name_is_not_updated_either(world):
    world.make(template(1), tagged=tags("feature/other"))
    holds(world.apply(2).result, "refused: the stack shop-cart is another's")
    equal(world.delay(), 1)


def termination_protection_holds_against_repair(world):
    left_in(world, "ROLLBACK_COMPLETE", EnableTerminationProtection=True)
    equal(world.apply(2).result, "refused: the stack shop-cart must not be deleted: its termination protection is on")
    equal(world.calls("DeleteStack"), [])


def a_rollback_that_failed_is_continued_whole_first(world):
    stuck_going_back(world, 1)
    done = world.apply(3, template=template(3, Queue=queue(3), Group=group()))
    holds(done.result, "changed UPDATE_COMPLETE")
    equal([c["parameters"].get("ResourcesToSkip.member.1") for c in world.calls("ContinueUpdateRollback")], [None])


def a_rollback_that_fails_again_leaves_out_only_what_failed(world):
    stuck_going_back(world, 2)
    done = world.apply(3, template=template(3, Queue=queue(3), Group=group()))
    holds(done.result, "changed UPDATE_COMPLETE")
    equal([{k: v for k, v in c["parameters"].items() if k.startswith("ResourcesToSkip")} for c in world.calls("ContinueUpdateRollback")], [{}, {"ResourcesToSkip.member.1": "Queue"}])
    equal(done.told("note"), ["an earlier update could not be taken back; going on with that first", "leaving out what cannot go back: Queue"])


def a_failed_deletion_is_made_again_and_then_the_stack_anew(world):
    before = world.make()
    world.peer.tell("fail", resource="Queue", reason="It is not empty", on="delete")
    world.cfn.delete_stack(StackName="shop-cart")
    equal(world.settled(), "DELETE_FAILED")
    done = world.apply(2)
    equal(done.result, "changed CREATE_COMPLETE Generation=2")
    equal(done.told("before_delete"), ["DELETE_FAILED"])
    equal(world.status(before), "DELETE_COMPLETE")


def a_failed_deletion_is_not_made_again_over_what_is_protected(world):
    world.make()
    world.peer.tell("fail", resource="Queue", reason="It holds data", on="delete")
    world.cfn.delete_stack(StackName="shop-cart")
    equal(world.settled(), "DELETE_FAILED")
    world.forget()
    equal(world.apply(2, protected=["Queue"]).result, "refused: the stack shop-cart must not be deleted: an earlier deletion of it failed, and Queue is protected\n  Save its data, then delete the stack in the CloudFormation console.")
    equal(world.calls("DeleteStack"), [])


def what_is_under_way_is_waited_for(world):
    world.peer.tell("hold", resource="Queue", on="create")
    world.make(wait=False)
    waiting = world.start(generation=2).saw("note waiting for what is under way: CREATE_IN_PROGRESS")
    world.peer.tell("release")
    holds(waiting.end(), "changed UPDATE_COMPLETE")


def what_stays_under_way_is_not_waited_for_for_ever(world):
    world.make()
    world.peer.tell("hold", resource="Queue", on="update")
    world.update(template(2))
    done = world.apply(3, longest=400)
    equal(done.result, "unavailable: CloudFormation is still at it: shop-cart: after 400 ms the stack is in progress\n  Nothing is lost: run it again and it waits on.")
    world.peer.tell("release")
    world.settled()
    world.peer.tell("hold", resource="Queue", on="update")
    equal(world.apply(3, longest=400).result, "unavailable: CloudFormation is still at it: shop-cart: after 400 ms the stack is UPDATE_IN_PROGRESS\n  Nothing is lost: run it again and it waits on. "
          "If nothing moves any more, `aws cloudformation cancel-update-stack --stack-name shop-cart` takes the update back.")
    world.cfn.cancel_update_stack(StackName="shop-cart")
    equal(world.settled(), "UPDATE_ROLLBACK_COMPLETE")
    world.peer.tell("release")
    holds(world.apply(4).result, "changed UPDATE_COMPLETE")


def an_update_that_only_cleans_up_is_done(world):
    world.make(template(1, Queue=queue(1), Group=group()))
    world.peer.tell("hold", resource="Group", on="delete")
    holds(world.apply(2).result, "changed UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    after = world.start(generation=3).saw("note waiting for what is under way: UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    world.peer.tell("release")
    holds(after.end(), "changed UPDATE_COMPLETE")


def deleted_by_hand_before_the_change_set_is_executed(world):
    before = world.make()
    halfway = world.start(generation=2, stop_at="confirm").at("confirm")
    world.cfn.delete_stack(StackName=before)
    world.settled(before)
    halfway.send()
    equal(halfway.end(), "changed CREATE_COMPLETE Generation=2")


def deleted_by_hand_while_it_is_created(world):
    world.peer.tell("hold", resource="Queue", on="create")
    halfway = world.start().saw("event Queue CREATE_IN_PROGRESS")
    world.cfn.delete_stack(StackName="shop-cart")
    world.peer.tell("release")
    holds(halfway.end(), "superseded: somebody deleted the stack shop-cart while it was changing")
    equal(world.apply(1).result, "changed CREATE_COMPLETE Generation=1")


def a_deletion_is_tried_again_after_its_buckets_were_emptied(world):
    made = world.make()
    world.peer.tell("fail", resource="Queue", reason="It is not empty", on="delete", times=2)
    gone = world.start("delete")
    equal(gone.end(), "deleted")
    equal(gone.told("before_delete"), ["CREATE_COMPLETE", "DELETE_FAILED", "DELETE_FAILED"])
    equal(world.status(made), "DELETE_COMPLETE")


def a_deletion_that_cannot_be_tells_its_cause(world):
    world.make()
    world.peer.tell("fail", resource="Queue", reason="It is locked", on="delete", times=9)
    failed = world.start("delete")
    equal(failed.end(), "failed: the stack shop-cart could not be deleted: Queue (AWS::SQS::Queue): It is locked\n  Mend that and run it again: perch deletes the rest.")
    equal(failed.told("cause"), ["Queue: It is locked"])
    equal(len(world.calls("DeleteStack")), 3)


def a_deletion_that_somebody_imports_from_is_refused(world):
    world.make(template(1, outputs={"Q": {"Value": "x", "Export": {"Name": "shop-Q"}}}))
    world.make(template(1, Queue={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Join": ["", ["q", {"Fn::ImportValue": "shop-Q"}]]}}}), name="other")
    holds(world.start("delete").end(), "failed: the stack shop-cart could not be deleted: it is CREATE_COMPLETE: Export shop-Q cannot be deleted as it is in use by other")


def a_protected_stack_is_not_deleted(world):
    world.make(EnableTerminationProtection=True)
    equal(world.start("delete").end(), "refused: the stack shop-cart must not be deleted: its termination protection is on")
    equal(world.calls("DeleteStack"), [])


def a_deletion_waits_for_an_update(world):
    made = world.make()
    world.peer.tell("hold", resource="Queue", on="update")
    world.update(template(2))
    gone = world.start("delete", generation=2).saw("note waiting for what is under way: UPDATE_IN_PROGRESS")
    equal(world.calls("DeleteStack"), [])
    world.peer.tell("release")
    equal(gone.end(), "deleted")
    equal(world.status(made), "DELETE_COMPLETE")


def a_deletion_breaks_off_a_creation(world):
    world.peer.tell("hold", resource="Queue", on="create")
    made = world.make(wait=False)
    until(lambda: len(world.cfn.describe_stack_resources(StackName=made)["StackResources"]) == 1, "the queue is begun")
    equal(world.start("delete").end(), "deleted")
    equal(world.peer.tell("left")["stacks"], [])


def a_new_stack_of_the_same_name_is_never_deleted(world):
    for hook in ("found", "before_delete"):
        world.reset()
        old = world.make()
        late = world.start("delete", stop_at=hook).at(hook)
        world.cfn.delete_stack(StackName=old)
        world.settled(old)
        new = world.make()
        asked = len(world.calls("DeleteStack"))
        late.send()
        equal(late.end(), "deleted")
        equal(world.stack()["StackId"], new)
        equal(world.status(), "CREATE_COMPLETE")
        equal(len(world.calls("DeleteStack")), asked)


def a_deletion_that_is_not_wanted_any_more_stops(world):
    head = world.folder + "/head"
    with open(head, "w", encoding="utf-8") as file:
        file.write("1")
    world.make()
    late = world.start("delete", head=head, stop_at="before_delete").at("before_delete")
    with open(head, "w", encoding="utf-8") as file:
        file.write("2")
    late.send()
    equal(late.end(), "superseded: generation 2 is newer")
    equal(world.status(), "CREATE_COMPLETE")


def waiting_ends_when_nothing_is_under_way(world):
    world.peer.tell("hold", resource="Queue", on="create")
    world.make(wait=False)
    waiting = world.start("wait")
    world.peer.tell("release")
    equal(waiting.end(), "waited until CREATE_COMPLETE")


run([v for k, v in list(globals().items()) if callable(v) and getattr(v, "__module__", "") == "__main__" and v not in (left_in, stuck_going_back)])
