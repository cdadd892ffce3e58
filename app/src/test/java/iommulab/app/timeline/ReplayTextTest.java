package iommulab.app.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.session.JournalView;
import iommulab.engine.session.JournalView.Entry;
import iommulab.engine.session.JournalView.Refusal;

import org.junit.jupiter.api.Test;

import java.util.List;

/// The transcript's lines, and their text for the console.
class ReplayTextTest {
    private static Entry call(int number, String call, String result) {
        return new Entry(number, call, call, result, 0, 0, 1);
    }

    private static String replayed(JournalView journal) {
        return ReplayText.of(TranscriptLine.of(journal));
    }

    private static String replayed(Entry... entries) {
        return replayed(new JournalView(List.of(entries), entries.length));
    }

    @Test
    void whatACallReturnedIsAVariableWhereAnotherUsesIt() {
        assertThat(
                        replayed(
                                call(1, "iommufd.open()", "ok iommufd=iommufd3"),
                                call(2, "iommufd.ioas_alloc(iommufd=iommufd3)", "ok ioas_id=1"),
                                call(3, "vfio.cdev_open(device=devA)", "ok cdev=cdev1"),
                                call(
                                        4,
                                        "vfio.cdev_bind(cdev=cdev1, iommufd=iommufd3)",
                                        "ok devid=2"),
                                call(5, "vfio.cdev_attach(cdev=cdev1, pt_id=1)", "ok pt_id=3")))
                .isEqualTo(
                        """
                        iommufd1 = iommufd.open()
                        ioas2 = iommufd.ioas_alloc(iommufd=$iommufd1)
                        cdev3 = vfio.cdev_open(device=devA)
                        devid4 = vfio.cdev_bind(cdev=$cdev3, iommufd=$iommufd1)
                        pt5 = vfio.cdev_attach(cdev=$cdev3, pt_id=$ioas2)\
                        """);
    }

    @Test
    void theSameNumberInAnotherFileIsAnotherThing() {
        assertThat(
                        replayed(
                                call(1, "iommufd.open()", "ok iommufd=iommufd1"),
                                call(2, "iommufd.open()", "ok iommufd=iommufd2"),
                                call(3, "iommufd.ioas_alloc(iommufd=iommufd2)", "ok ioas_id=1"),
                                call(4, "iommufd.destroy(iommufd=iommufd2, id=1)", "ok")))
                .endsWith("iommufd.destroy(iommufd=$iommufd2, id=$ioas3)");
    }

    @Test
    void aSecondFieldIsCalledByItsName() {
        assertThat(
                        replayed(
                                call(1, "iommufd.open()", "ok iommufd=iommufd1"),
                                call(
                                        2,
                                        "iommufd.fault_alloc(iommufd=iommufd1)",
                                        "ok fault_id=1 fd=fault1"),
                                call(3, "iommufd.fault_close(fd=fault1)", "ok")))
                .endsWith("iommufd.fault_close(fd=$fault2.fd)");
    }

    @Test
    void aHandleInsideFieldsIsAVariableToo() {
        assertThat(
                        replayed(
                                call(1, "guest.pt_create()", "ok pt=pt1"),
                                call(2, "iommufd.hwpt_alloc(data={pgtbl=pt1})", "ok hwpt_id=3")))
                .endsWith("iommufd.hwpt_alloc(data={pgtbl=$pt1})");
    }

    @Test
    void refusedCallsStandWhereTheyWereAskedForAndMayBeRefusedAgain() {
        var journal =
                new JournalView(
                        List.of(
                                call(1, "iommufd.open()", "ok iommufd=iommufd1"),
                                call(2, "domain.delete(domain=4)", "ok")),
                        2,
                        List.of(
                                new Refusal(1, 0, "domain.delete(domain=9)", "EINVAL", "", "No."),
                                new Refusal(
                                        2,
                                        1,
                                        "iommufd.destroy(iommufd=iommufd1, id=7)",
                                        "ENOENT",
                                        "x=0",
                                        "There is no 7.")));
        assertThat(TranscriptLine.of(journal))
                .extracting(TranscriptLine::result)
                .containsExactly("✕ EINVAL", "ok iommufd=iommufd1", "✕ ENOENT x=0", "ok");
        assertThat(replayed(journal).lines().toList())
                .containsExactly(
                        "!domain.delete(domain=9)",
                        "iommufd1 = iommufd.open()",
                        "!iommufd.destroy(iommufd=$iommufd1, id=7)",
                        "domain.delete(domain=4)");
    }

    @Test
    void aCallThatDidPartOfItsWorkIsKeptAndShownAsFailed() {
        var line =
                TranscriptLine.of(
                                new JournalView(
                                        List.of(call(1, "x.y()", "EOPNOTSUPP entry_num=2")), 1))
                        .getFirst();
        assertThat(line.accepted()).isTrue();
        assertThat(line.failed()).isTrue();
        assertThat(line.result()).isEqualTo("✕ EOPNOTSUPP entry_num=2");
    }
}
