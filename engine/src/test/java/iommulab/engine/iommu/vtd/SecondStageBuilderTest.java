package iommulab.engine.iommu.vtd;

import static iommulab.engine.iommu.Permissions.NONE;
import static iommulab.engine.iommu.Permissions.READ;
import static iommulab.engine.iommu.Permissions.READ_WRITE;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PageCounts;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.memory.AddressRange;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.TreeMap;

class SecondStageBuilderTest {
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;
    private static final TableLimits FOUR_LEVELS =
            new TableLimits(TableShape.FOUR_KIB, 4, 48, 46, 3);

    private final TableLab lab = new TableLab(64);

    private TableBuilder domain() throws MappingRefused {
        return lab.domain(FOUR_LEVELS);
    }

    private static MappingRefused refusal(ThrowingCallable attempt) {
        var refused = catchThrowableOfType(MappingRefused.class, attempt);
        assertThat(refused).as("refusal").isNotNull();
        return refused;
    }

    private void isRefusedUnchanged(String errno, String words, ThrowingCallable attempt) {
        long before = lab.memory.contentHash();
        int taken = lab.frames.taken();
        var refused = refusal(attempt);
        assertThat(refused.errno()).isEqualTo(errno);
        assertThat(refused.reason()).contains(words);
        assertThat(lab.memory.contentHash()).as("memory").isEqualTo(before);
        assertThat(lab.frames.taken()).as("frames").isEqualTo(taken);
    }

    @Test
    void aPageIsMappedThroughFourTables() throws MappingRefused {
        var domain = domain();
        var change = domain.map(0x4f000, 0x8000, 0x1000, READ);
        assertThat(lab.read(domain, 0x4f123)).isEqualTo(0x8000 | 1);
        assertThat(lab.read(domain, 0x50000)).isEqualTo(TableLab.NOT_MAPPED);
        assertThat(domain.tableFrames()).isEqualTo(4);
        assertThat(change.stale()).isEmpty();
    }

    @Test
    void pagesAreAsLargeAsAlignmentAllows() throws MappingRefused {
        var domain = domain();
        var change =
                domain.map(4 * MIB - 0x10000, 8 * MIB - 0x10000, 4 * MIB + 0x10000, READ_WRITE);
        assertThat(change.pages()).hasToString("2 × 2 MiB, 16 × 4 KiB");
        assertThat(domain.pagesIn(4 * MIB, 4 * MIB))
                .isEqualTo(new PageCounts(new TreeMap<>(Map.of(21, 2L))));
        assertThat(lab.read(domain, 6 * MIB + 0x5000)).isEqualTo(10 * MIB + 0x5000 | 3);
    }

    @Test
    void anHpaThatIsOutOfStepTakesSmallPages() throws MappingRefused {
        var change = domain().map(2 * MIB, 2 * MIB + 0x1000, 2 * MIB, READ_WRITE);
        assertThat(change.pages()).hasToString("512 × 4 KiB");
    }

    @Test
    void hardwareWithoutSuperpagesTakesSmallPages() throws MappingRefused {
        var domain = lab.domain(SecondStageEncoder.limits(47L << 16, 4, 46));
        assertThat(domain.map(0, 0, 4 * MIB, READ).pages()).hasToString("1024 × 4 KiB");
    }

    @Test
    void hardwareWithSuperpagesSaysSoInItsCapabilities() {
        long both = 3L << 34 | 47L << 16;
        assertThat(SecondStageEncoder.limits(both, 4, 46)).isEqualTo(FOUR_LEVELS);
        assertThat(SecondStageEncoder.limits(both, 3, 46).iovaBits()).isEqualTo(39);
        assertThat(SecondStageEncoder.limits(1L << 35 | 38L << 16, 4, 46))
                .isEqualTo(new TableLimits(TableShape.FOUR_KIB, 4, 39, 46, 1));
    }

    @Test
    void aGigabyteIsOneEntry() throws MappingRefused {
        var domain = domain();
        assertThat(domain.map(GIB, 0, GIB, READ).pages()).hasToString("1 × 1 GiB");
        assertThat(domain.tableFrames()).isEqualTo(2);
        assertThat(lab.read(domain, GIB + 0x1234_5678)).isEqualTo(0x1234_5000 | 1);
    }

    @Test
    void unmappingAPageOfAGigabyteSplitsItTwice() throws MappingRefused {
        var domain = domain();
        domain.map(GIB, 0, GIB, READ);
        var change = domain.unmap(GIB + 6 * MIB + 0x3000, 0x1000);
        assertThat(change.splits()).isEqualTo(2);
        assertThat(change.pages()).hasToString("1 × 4 KiB");
        assertThat(change.stale()).containsExactly(AddressRange.of(GIB + 6 * MIB + 0x3000, 0x1000));
        assertThat(change.tablesChanged()).isTrue();
        assertThat(domain.pagesIn(GIB, GIB)).hasToString("511 × 2 MiB, 511 × 4 KiB");
        assertThat(lab.read(domain, GIB + 6 * MIB + 0x3000)).isEqualTo(TableLab.NOT_MAPPED);
        assertThat(lab.read(domain, GIB + 6 * MIB + 0x4000)).isEqualTo(6 * MIB + 0x4000 | 1);
        assertThat(lab.read(domain, GIB + 700 * MIB)).isEqualTo(700 * MIB | 1);
    }

    @Test
    void unmappingTellsExactlyWhatIsStale() throws MappingRefused {
        var domain = domain();
        domain.map(0x10000, 0x10000, 0x2000, READ);
        domain.map(0x14000, 0x20000, 0x1000, READ);
        var change = domain.unmap(0, 0x100000);
        assertThat(change.stale())
                .containsExactly(
                        AddressRange.of(0x10000, 0x2000), AddressRange.of(0x14000, 0x1000));
        assertThat(change.pages()).hasToString("3 × 4 KiB");
    }

    @Test
    void tablesThatHoldNothingAreFreed() throws MappingRefused {
        var domain = domain();
        domain.map(0, 0, 0x1000, READ);
        domain.map(GIB, 0, 0x1000, READ);
        assertThat(domain.tableFrames()).isEqualTo(6);
        assertThat(domain.unmap(GIB, 0x1000).tablesChanged()).isTrue();
        assertThat(domain.tableFrames()).isEqualTo(4);
        assertThat(domain.unmap(0, 0x1000).tablesChanged()).isTrue();
        assertThat(domain.tableFrames()).isOne();
        assertThat(lab.frames.taken()).isOne();
    }

    @Test
    void aPageOfAFullTableGoesWithoutTouchingTables() throws MappingRefused {
        var domain = domain();
        domain.map(0x1000, 0x1000, 0x2000, READ);
        assertThat(domain.unmap(0x1000, 0x1000).tablesChanged()).isFalse();
    }

    @Test
    void whatIsMappedIsNotMappedAgain() throws MappingRefused {
        var domain = domain();
        domain.map(0x4f000, 0x8000, 0x1000, READ);
        isRefusedUnchanged(
                "EEXIST",
                "Domain 3 already maps page 0x4f000. Unmap it first, or choose another range.",
                () -> domain.map(0x4e000, 0x8000, 0x3000, READ));
        domain.map(2 * MIB, 0, 2 * MIB, READ);
        isRefusedUnchanged(
                "EEXIST",
                "already maps page 0x201000",
                () -> domain.map(2 * MIB + 0x1000, 0, 0x1000, READ));
    }

    @Test
    void whatDoesNotFitIsRefused() throws MappingRefused {
        var domain = domain();
        isRefusedUnchanged("EINVAL", "0x1800 bytes", () -> domain.map(0, 0, 0x1800, READ));
        isRefusedUnchanged("EINVAL", "0x0 bytes", () -> domain.map(0, 0, 0, READ));
        isRefusedUnchanged("EINVAL", "0x10 is not", () -> domain.map(0, 0x10, 0x1000, READ));
        isRefusedUnchanged("EINVAL", "without a right", () -> domain.map(0, 0, 0x1000, NONE));
        isRefusedUnchanged(
                "ERANGE", "48 bits", () -> domain.map((1L << 48) - 0x1000, 0, 0x2000, READ));
        isRefusedUnchanged("ERANGE", "48 bits", () -> domain.map(-0x1000, 0, 0x1000, READ));
        isRefusedUnchanged(
                "ERANGE", "46 bits", () -> domain.map(0, (1L << 46) - 0x1000, 0x2000, READ));
        isRefusedUnchanged("ENOENT", "maps nothing", () -> domain.unmap(0x7000, 0x1000));
    }

    @Test
    void aMapThatRunsOutOfFramesLeavesNoTrace() throws MappingRefused {
        var few = new TableLab(6);
        var domain = few.domain(FOUR_LEVELS);
        domain.map(0, 0, 0x1000, READ);
        long before = few.memory.contentHash();
        var refused = refusal(() -> domain.map(2 * MIB - 0x1000, 0, 6 * MIB, READ));
        assertThat(refused.errno()).isEqualTo("ENOMEM");
        assertThat(few.memory.contentHash()).isEqualTo(before);
        assertThat(few.frames.taken()).isEqualTo(4).isEqualTo(domain.tableFrames());
    }

    @Test
    void aSplitThatRunsOutOfFramesLeavesNoTrace() throws MappingRefused {
        var few = new TableLab(3);
        var domain = few.domain(FOUR_LEVELS);
        domain.map(0, 0, GIB, READ);
        long before = few.memory.contentHash();
        var refused = refusal(() -> domain.unmap(0x1000, 0x1000));
        assertThat(refused.errno()).isEqualTo("ENOMEM");
        assertThat(refused.reason()).contains("takes 2 frames, and 1 are left");
        assertThat(few.memory.contentHash()).isEqualTo(before);
    }

    @Test
    void anEntryChangedByHandIsNotFollowed() throws MappingRefused {
        var domain = domain();
        domain.map(0, 0, 0x1000, READ);
        lab.memory.write64(domain.top(), 0x7777_0003);
        isRefusedUnchanged("EIO", "holds 0x77770003", () -> domain.map(0x1000, 0, 0x1000, READ));
        isRefusedUnchanged("EIO", "level 4 entry", () -> domain.unmap(0, 0x1000));
        isRefusedUnchanged("EIO", "changed by hand", domain::destroy);
    }

    @Test
    void destroyGivesEveryFrameBack() throws MappingRefused {
        var domain = domain();
        domain.map(0x1000, 0, 3 * MIB, READ);
        domain.map(GIB, 0, GIB, READ);
        domain.destroy();
        assertThat(lab.frames.taken()).isZero();
        assertThat(lab.memory.contentHash()).isZero();
    }

    @Test
    void oneInvalidationCoversTheRange() {
        assertThat(PageSelective.covering(AddressRange.of(0x5000, 0x1000)))
                .isEqualTo(new PageSelective(0x5000, 0));
        assertThat(PageSelective.covering(AddressRange.of(0x7000, 0x2000)))
                .isEqualTo(new PageSelective(0, 4));
        assertThat(PageSelective.covering(AddressRange.of(GIB, GIB)))
                .isEqualTo(new PageSelective(GIB, 18));
    }
}
