package iommulab.engine.session;

import static iommulab.engine.session.DirtyTrackingLab.GUEST_RAM;
import static iommulab.engine.session.DirtyTrackingLab.HOME;
import static iommulab.engine.session.DirtyTrackingLab.IOVA;
import static iommulab.engine.session.DirtyTrackingLab.RANGE;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.session.DirtyTrackingLab.Case;
import iommulab.engine.session.DirtyTrackingLab.Way;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Which pages devices wrote, on every architecture whose hardware marks them.
class DirtyTrackingTest {
    static Stream<Case> cases() {
        return Stream.of(Architecture.values())
                .filter(architecture -> architecture != Architecture.VTD_LEGACY)
                .flatMap(architecture ->
                        Stream.of(Way.values()).map(way -> new Case(architecture, way)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatIsWrittenWhileTrackingIsOnIsMarked(Case of) throws Exception {
        var lab = new DirtyTrackingLab(of);
        lab.write(0x1000);
        lab.track(true);
        assertThat(lab.dirty()).isEmpty();
        lab.write(0x2004);
        assertThat(lab.dma(Access.READ, 0x3000)).isEqualTo(DmaOutcome.WALK);
        lab.write(0x5ff8);
        lab.write(0x5000);
        assertThat(lab.dirty()).allMatch(page -> page >>> 12 == 2 || page >>> 12 == 5);
        assertThat(lab.dirty().stream().map(page -> page >>> 12).distinct())
                .containsExactly(2L, 5L);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void switchingItOnAgainWipesTheMarks(Case of) throws Exception {
        var lab = new DirtyTrackingLab(of);
        lab.track(true);
        lab.write(0x2000);
        lab.track(true);
        assertThat(lab.dirty()).isEmpty();
        lab.write(0x2000);
        assertThat(lab.dirty()).containsExactly(0x2000L);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aCleanedPageIsMarkedAgainOnceTheCachesHaveForgottenIt(Case of) throws Exception {
        var lab = new DirtyTrackingLab(of);
        lab.track(true);
        lab.write(0x2000);
        assertThat(lab.clear(true)).containsExactly(0x2000L);
        assertThat(lab.dirty()).isEmpty();
        lab.write(0x2008);
        assertThat(lab.dirty()).containsExactly(0x2000L);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void withoutAnInvalidationTheNextWriteIsMissed(Case of) throws Exception {
        var lab = new DirtyTrackingLab(of);
        lab.track(true);
        lab.write(0x2000);
        lab.write(0x2000);
        lab.clear(false);
        assertThat(lab.dma(Access.WRITE, 0x2008)).isEqualTo(DmaOutcome.HIT);
        assertThat(lab.dirty()).as("a cached page takes writes without a mark").isEmpty();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void afterwardsWritesGoOnAndNothingIsMarked(Case of) throws Exception {
        var lab = new DirtyTrackingLab(of);
        lab.track(true);
        lab.write(0x2000);
        lab.track(false);
        assertThat(lab.domain().tracksDirty()).isFalse();
        assertThatThrownBy(lab::dirty)
                .isInstanceOf(MappingRefused.class)
                .hasMessageContaining("does not track");
        lab.write(0x2000);
        lab.write(0x7000);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatIsMappedWhileTrackingIsOnIsClean(Case of) throws Exception {
        var lab = new DirtyTrackingLab(of);
        lab.track(true);
        lab.bench.run(new Command.UnmapPages(lab.tracked, lab.inDomain, 0x4000, true));
        lab.bench.map(lab.tracked, lab.inDomain, GUEST_RAM, 0x4000, Permissions.READ_WRITE);
        assertThat(lab.dirty()).isEmpty();
        lab.write(0x3000);
        assertThat(lab.dirty()).containsExactly(0x3000L);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aReadOnlyPageStaysReadOnly(Case of) throws Exception {
        var lab = new DirtyTrackingLab(of);
        lab.bench.run(new Command.UnmapPages(lab.tracked, lab.inDomain, 0x1000, true));
        lab.bench.map(lab.tracked, lab.inDomain, HOME, 0x1000, Permissions.READ);
        for (boolean on : new boolean[] {true, false}) {
            lab.track(on);
            assertThat(lab.dma(Access.READ, 0)).isEqualTo(DmaOutcome.WALK);
            assertThat(lab.dma(Access.WRITE, 0)).isEqualTo(DmaOutcome.FAULT);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void goingBackGoesBackToTheSameMarks(Case of) throws Exception {
        var lab = new DirtyTrackingLab(of);
        lab.track(true);
        lab.write(0x2000);
        var then = lab.bench.machine.checkpoint();
        long hash = lab.bench.machine.stateHash();
        lab.write(0x6000);
        lab.track(false);
        lab.bench.machine.restore(then);
        assertThat(lab.bench.machine.stateHash()).isEqualTo(hash);
        assertThat(lab.dirty()).containsExactly(0x2000L);
        lab.write(0x4000);
        assertThat(lab.dirty()).containsExactly(0x2000L, 0x4000L);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void onceSwitchedOffTheEntriesAreAsBefore(Case of) throws Exception {
        var lab = new DirtyTrackingLab(of);
        var before = lab.entries();
        lab.track(true);
        assertThat(lab.entries()).isNotEqualTo(before);
        lab.track(false);
        assertThat(lab.entries()).isEqualTo(before);
    }

    @Property(tries = 30)
    void exactlyTheWrittenPagesAreMarked(
            @ForAll("anyCase") Case of,
            @ForAll @Size(max = 20) List<@IntRange(max = 15) Integer> written,
            @ForAll @Size(max = 20) List<@IntRange(max = 15) Integer> read)
            throws Exception {
        var lab = new DirtyTrackingLab(of);
        lab.track(true);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 20; i++) {
                if (i < read.size()) {
                    lab.dma(Access.READ, read.get(i) * 0x1000L);
                }
                if (i < written.size()) {
                    lab.write(written.get(i) * 0x1000L);
                }
            }
            assertThat(lab.clear(true))
                    .containsExactlyElementsOf(
                            new TreeSet<>(written).stream().map(page -> page * 0x1000L).toList());
        }
    }

    @Provide
    Arbitrary<Case> anyCase() {
        return Arbitraries.of(cases().toList());
    }

    // ---- one domain, several users

    @ParameterizedTest
    @MethodSource("units")
    void whoIsAttachedLaterIsTrackedToo(Architecture architecture) throws Exception {
        var lab = new DirtyTrackingLab(new Case(architecture, Way.PASID_FIRST_STAGE));
        lab.track(true);
        lab.bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, 0x55, lab.tracked));
        var other = lab.bench.dma(IOVA + 0x3000, Access.WRITE, PasidPrefix.of(0x55));
        assertThat(other.outcome()).isEqualTo(DmaOutcome.WALK);
        lab.write(0x4000);
        assertThat(lab.dirty()).containsExactly(0x3000L, 0x4000L);
    }

    @ParameterizedTest
    @MethodSource("units")
    void aDeviceAttachedLaterIsTrackedToo(Architecture architecture) throws Exception {
        var lab = new DirtyTrackingLab(new Case(architecture, Way.DEVICE));
        lab.bench.run(new Command.DetachDevice(ArchitectureBench.DEVICE));
        lab.track(true);
        lab.attach(lab.tracked);
        lab.write(0x3000);
        assertThat(lab.dirty()).containsExactly(0x3000L);
    }

    @ParameterizedTest
    @MethodSource("units")
    void aNumberThatComesBackIsNotTracked(Architecture architecture) throws Exception {
        var lab = new DirtyTrackingLab(new Case(architecture, Way.DEVICE));
        lab.track(true);
        lab.bench.run(new Command.DetachDevice(ArchitectureBench.DEVICE));
        lab.bench.run(new Command.DeleteDomain(lab.tracked));
        int again = lab.created();
        assertThat(again).isEqualTo(lab.tracked);
        lab.bench.map(again, IOVA, HOME, RANGE, Permissions.READ_WRITE);
        lab.attach(again);
        lab.write(0x1000);
        assertThat(lab.domain().tracksDirty()).isFalse();
        var walk =
                Explanation.of(
                        lab.bench.machine,
                        new WalkQuestion(
                                ArchitectureBench.DEVICE,
                                IOVA,
                                4,
                                Access.WRITE,
                                PasidPrefix.NONE,
                                false));
        assertThat(walk.steps())
                .flatExtracting(step -> step.fields())
                .filteredOn(field ->
                        List.of("SSADE", "HAD", "S2HD", "GADE", "mark second")
                                .contains(field.name()))
                .isNotEmpty()
                .allMatch(field -> field.value() == 0);
    }

    static Stream<Architecture> units() {
        return Stream.of(Architecture.values())
                .filter(architecture -> architecture != Architecture.VTD_LEGACY);
    }

    @Test
    void aSuperpageHasOneMark() throws Exception {
        var lab = new DirtyTrackingLab(new Case(Architecture.VTD_SCALABLE, Way.DEVICE));
        lab.bench.map(
                lab.tracked, IOVA + 0x20_0000, HOME + 0x20_0000, 0x20_0000, Permissions.READ_WRITE);
        lab.track(true);
        lab.write(0x34_5678);
        var pages = new ArrayList<String>();
        lab.domain()
                .readDirty(
                        IOVA + 0x30_0000,
                        0x1000,
                        true,
                        (page, bytes) -> pages.add("0x%x, 0x%x".formatted(page, bytes)));
        assertThat(pages).containsExactly("0x40200000, 0x200000");
        lab.bench.run(new Command.UnmapPages(lab.tracked, IOVA + 0x20_0000, 0x1000, true));
        lab.write(0x34_5678);
        assertThat(lab.domain().readDirty(IOVA, 0x40_0000, false, (_, _) -> {}).pages())
                .hasToString("1 × 4 KiB");
    }

    @Test
    void legacyModeCannot() throws Exception {
        var lab = new DirtyTrackingLab(new Case(Architecture.VTD_LEGACY, Way.DEVICE));
        assertThatThrownBy(() -> lab.track(true))
                .isInstanceOf(MappingRefused.class)
                .extracting(refused -> ((MappingRefused) refused).errno())
                .isEqualTo("EOPNOTSUPP");
    }
}
