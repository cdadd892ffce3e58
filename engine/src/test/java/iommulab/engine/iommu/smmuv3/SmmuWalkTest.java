package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Cell;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Kind;
import iommulab.engine.iommu.Walk.Step;

import org.junit.jupiter.api.Test;

import java.util.List;

class SmmuWalkTest {
    private static final int STREAM = 0x20;
    private static final long IOVA = 0x12_3456_7000L;
    private static final long IPA = 0x9000_0000L;
    private static final long PAGE = 0x5555_5000L;

    private SmmuLab nested(CacheShapes shapes) {
        var lab = new SmmuLab(shapes);
        long first = lab.table();
        long second = lab.table();
        long descriptor = lab.table();
        lab.descriptor(descriptor, SmmuLab.CD_USUAL | SmmuLab.EPD1 | 16 | 9L << 48, first, 0);
        lab.nested(STREAM, 3, descriptor, second);
        for (long ipa = 0x3000_0000L; ipa < 0x3080_0000L; ipa += 4096) {
            lab.map(second, ipa, ipa, 1, SmmuLab.RW2);
        }
        lab.map(first, IOVA, IPA, 1, SmmuLab.RW);
        lab.map(second, IPA, PAGE, 1, SmmuLab.RW2);
        return lab;
    }

    private static List<Cell> grid(Walk walk, GivenBy by) {
        return walk.steps().stream()
                .filter(step -> step.cell() != Cell.NONE && step.givenBy() == by)
                .map(Step::cell)
                .toList();
    }

    @Test
    void aNestedWalkOfFourByFourLevelsHasTwentyFourReads() {
        var lab = nested(CacheShapes.NONE);
        var walk = lab.explain(STREAM, SmmuLab.NONE, IOVA + 8, Access.READ);
        assertThat(walk.outcome())
                .isInstanceOfSatisfying(
                        Walk.Outcome.Reached.class,
                        reached -> assertThat(reached.hpa()).isEqualTo(PAGE + 8));
        var tables = grid(walk, GivenBy.MEMORY).stream().filter(cell -> cell.row() < 32).toList();
        assertThat(tables).hasSize(24).doesNotHaveDuplicates();
        for (int row = 4; row >= 0; row--) {
            for (int column = 4; column >= (row == 0 ? 1 : 0); column--) {
                assertThat(tables).contains(new Cell(row, column));
            }
        }
        // The stream entry, and the context descriptor behind four levels of stage 2.
        assertThat(walk.reads()).isEqualTo(24 + 1 + 5);
        assertThat(walk.steps().stream().mapToLong(Step::cycles).sum()).isEqualTo(walk.cycles());
        assertThat(walk.domain()).isEqualTo(3);
        assertThat(walk.addressBits()).isEqualTo(48);
    }

    @Test
    void whatCachesSaveStandsInItsPlace() {
        var lab = nested(CacheShapes.USUAL);
        lab.read(STREAM, IOVA);
        var hit = lab.explain(STREAM, SmmuLab.NONE, IOVA, Access.READ);
        assertThat(hit.reads()).isZero();
        assertThat(grid(hit, GivenBy.MEMORY)).isEmpty();
        assertThat(grid(hit, GivenBy.SAVED)).hasSizeGreaterThanOrEqualTo(24);
        assertThat(hit.steps())
                .anyMatch(step -> step.kind() == Kind.IOTLB_PROBE && step.detail().equals("hit"));

        lab.command(SmmuCommand.tlbAddress(3, 9, IOVA, true));
        var again = lab.explain(STREAM, SmmuLab.NONE, IOVA, Access.READ);
        assertThat(grid(again, GivenBy.PAGING_CACHE)).contains(new Cell(2, 0));
        assertThat(grid(again, GivenBy.NESTED_CACHE)).contains(new Cell(1, 1), new Cell(0, 1));
        assertThat(grid(again, GivenBy.MEMORY)).containsExactly(new Cell(1, 0));
        assertThat(again.reads()).isEqualTo(1);
    }

    @Test
    void aFaultOfStage2ForATableStandsWhereItHappened() {
        var lab = nested(CacheShapes.USUAL);
        // The second table of stage 1 lies where stage 2 maps nothing.
        long first =
                lab.memory.read64(
                        lab.memory.read64(lab.streamAt(STREAM)) & -64L & 0xffff_ffffL | 8);
        lab.memory.write64(SmmuLab.slot(first, 4, IOVA), 0x7000_0000L | 3);
        var walk = lab.explain(STREAM, SmmuLab.NONE, IOVA, Access.WRITE);
        assertThat(walk.outcome())
                .isInstanceOfSatisfying(
                        Walk.Outcome.Faulted.class,
                        faulted -> {
                            assertThat(faulted.reason()).isEqualTo(SmmuFault.TRANSLATION);
                            assertThat(walk.steps().get(faulted.step()).cell().row()).isEqualTo(3);
                            assertThat(faulted.recorded()).isTrue();
                        });
        assertThat(walk.steps().getLast().detail()).isEqualTo("F_TRANSLATION, stage 2");
        lab.write(STREAM, IOVA);
        var event = lab.events().getFirst();
        assertThat(event.isSecondStage()).isTrue();
        assertThat(event.eventClass()).isEqualTo(1);
        assertThat(event.word3()).isEqualTo(0x7000_0000L);
    }

    @Test
    void theOffendingBitIsNamed() {
        var lab = new SmmuLab(CacheShapes.USUAL);
        long tree = lab.table();
        lab.first(STREAM, 0, 9, tree);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW & ~(1 << 10));
        var walk = lab.explain(STREAM, SmmuLab.NONE, IOVA, Access.READ);
        var faulted = (Walk.Outcome.Faulted) walk.outcome();
        assertThat(walk.steps().get(faulted.step()).fields())
                .filteredOn(field -> field.role() == Field.Role.OFFENDING)
                .extracting(Field::name)
                .containsExactly("AF");
        assertThat(walk.steps())
                .extracting(Step::name)
                .containsExactly(
                        "Stream table entry",
                        "Context descriptor",
                        "IOTLB probe",
                        "Level 0",
                        "Level 1",
                        "Level 2",
                        "Level 3",
                        "Event 0x12");
    }

    @Test
    void cachedPagesOfStage2BelowStage1AreMarkedToo() {
        var lab = nested(CacheShapes.USUAL);
        lab.read(STREAM, IOVA);
        assertThat(stale(lab, CacheKind.NESTED) + stale(lab, CacheKind.NESTED_PAGING)).isZero();
        long second = lab.memory.read64(lab.streamAt(STREAM) + 24);
        lab.map(second, IPA, PAGE + 0x1000, 1, SmmuLab.RW2);
        assertThat(stale(lab, CacheKind.NESTED)).isEqualTo(1);
        assertThat(stale(lab, CacheKind.IOTLB)).isEqualTo(1);
        lab.memory.write64(second, 0);
        assertThat(stale(lab, CacheKind.NESTED)).isEqualTo(4);
        assertThat(stale(lab, CacheKind.NESTED_PAGING)).isGreaterThan(2);
    }

    private static long stale(SmmuLab lab, CacheKind kind) {
        return lab.unit.cacheSnapshots().stream()
                .filter(cache -> cache.kind() == kind)
                .flatMap(cache -> cache.lines().stream())
                .filter(line -> line.stale().isPresent())
                .count();
    }
}
