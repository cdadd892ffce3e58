package iommulab.app.invalidation;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.invalidation.InvalidationFrame.Tail;
import iommulab.app.invalidation.InvalidationProgress.Mark;
import iommulab.engine.os.call.Answer;
import iommulab.engine.session.Call;

import org.junit.jupiter.api.Test;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;

/// A request as it is filled in, and how far it came.
class InvalidationFrameTest {
    private static final InvalidationTarget NESTED =
            new InvalidationTarget(
                    "iommufd1/3", "iommufd1", "HWPT_NESTED", 3, "vtd_s1", 17, new TreeMap<>());

    private static SequencedMap<String, String> page(String address) {
        var entry = new LinkedHashMap<String, String>();
        entry.put("addr", address);
        entry.put("npages", "1");
        return entry;
    }

    private static InvalidationFrame frame(String length, String reserved, Tail tail) {
        return new InvalidationFrame(
                "iommufd1",
                3,
                "vtd_s1",
                length,
                "",
                reserved,
                false,
                tail,
                List.of(page("0x1000"), page("0x2000")));
    }

    @Test
    void whatIsFilledInIsACall() throws Exception {
        var call = frame("24", "", Tail.NONE).call();
        assertThat(call.toString())
                .isEqualTo(
                        "iommufd.hwpt_invalidate(iommufd=iommufd1, hwpt_id=3, data_type=vtd_s1,"
                                + " entries=[{addr=0x1000, npages=1}, {addr=0x2000, npages=1}],"
                                + " entry_len=24)");
        assertThat(Call.parse(call.toString())).as("as it is read").isEqualTo(call);
    }

    @Test
    void bytesBehindTheStructureMakeAFrameByHand() {
        assertThat(frame("", "0", Tail.NONZERO).call().toString())
                .startsWith(
                        "iommufd.ioctl_raw(iommufd=iommufd1, cmd=IOMMU_HWPT_INVALIDATE, size=40,"
                                + " trailing=nonzero, fields={hwpt_id=3, data_type=vtd_s1,");
    }

    @Test
    void aProbeHasNoEntries() {
        assertThat(frame("", "", Tail.NONE).probe().call().arguments())
                .containsEntry("entries", "[]");
    }

    @Test
    void theRestBeginsAtTheFirstEntryThatIsNotDone() {
        assertThat(frame("", "", Tail.NONE).from(1).call().arguments())
                .containsEntry("entries", "[{addr=0x2000, npages=1}]");
    }

    @Test
    void onlyAFrameWithoutMistakesBlamesItsEntries() {
        assertThat(frame("", "0", Tail.ZERO).isWellFormedFor(NESTED)).isTrue();
        assertThat(frame("24", "", Tail.NONE).isWellFormedFor(NESTED)).isTrue();
        assertThat(frame("23", "", Tail.NONE).isWellFormedFor(NESTED)).as("length").isFalse();
        assertThat(frame("", "1", Tail.NONE).isWellFormedFor(NESTED)).as("reserved").isFalse();
        assertThat(frame("", "", Tail.NONZERO).isWellFormedFor(NESTED)).as("tail").isFalse();
    }

    @Test
    void theEntryBehindThoseDoneIsTheOneThatFailed() {
        var answer =
                new Answer("EINVAL", Answer.OK.returns(), "No page.", true).with("entry_num", 2);
        var progress = InvalidationProgress.of(answer, 0, 4, true);
        assertThat(List.of(progress.mark(1), progress.mark(2), progress.mark(3)))
                .containsExactly(Mark.DONE, Mark.FAILED, Mark.NOT_REACHED);
        assertThat(progress.words()).isEqualTo("2 of 4 done, entry 3: EINVAL");
    }

    @Test
    void whatIsWrongWithTheFrameIsNoFaultOfAnEntry() {
        var answer = new Answer("E2BIG", Answer.OK.returns(), "Too long.", false);
        var progress = InvalidationProgress.of(answer, 0, 2, false);
        assertThat(progress.mark(0)).isEqualTo(Mark.NOT_REACHED);
        assertThat(progress.words()).isEqualTo("0 of 2 done, the frame: E2BIG");
    }

    @Test
    void whatWasDoneBeforeCountsWhenTheRestIsSent() {
        var progress = InvalidationProgress.of(Answer.OK.with("entry_num", 2), 2, 4, true);
        assertThat(progress.words()).isEqualTo("4 of 4 done");
    }
}
