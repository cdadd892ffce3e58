package iommulab.engine.iommu.vtd;

import static iommulab.engine.iommu.vtd.ScalableBench.DEVICE;
import static iommulab.engine.iommu.vtd.ScalableBench.NONE;
import static iommulab.engine.iommu.vtd.ScalableBench.P;
import static iommulab.engine.iommu.vtd.ScalableBench.PAGE;
import static iommulab.engine.iommu.vtd.ScalableBench.PASIDE;
import static iommulab.engine.iommu.vtd.ScalableBench.R;
import static iommulab.engine.iommu.vtd.ScalableBench.READ;
import static iommulab.engine.iommu.vtd.ScalableBench.RW;
import static iommulab.engine.iommu.vtd.ScalableBench.W;
import static iommulab.engine.iommu.vtd.ScalableBench.WRITE;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Cell;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Kind;

import org.junit.jupiter.api.Test;

import java.util.List;

class ScalableWalkTest {
    private static final int PASID = 0x45;
    private static final long IOVA = 0x12_3456_7000L;
    private static final long HOME = 0x8_0000_0000L;

    private final ScalableBench lab = new ScalableBench(CacheShapes.USUAL);
    private long second;
    private long first;

    private long firstStage() {
        lab.attach(DEVICE, PASIDE);
        long tree = lab.table();
        lab.firstStage(DEVICE, PASID, 7, tree, 0);
        return tree;
    }

    private void nested() {
        lab.attach(DEVICE, PASIDE);
        second = lab.table();
        first = lab.table();
        lab.nest(DEVICE, PASID, 7, first, second, 0);
        lab.mapNested(first, second, IOVA, 0x7000, PAGE);
        lab.mapSecond(second, 0x7000, HOME, R | W);
    }

    private static List<String> names(Walk walk) {
        return walk.steps().stream().map(Walk.Step::name).toList();
    }

    private static long cycles(Walk walk) {
        return walk.steps().stream().mapToLong(Walk.Step::cycles).sum();
    }

    // ---- the ladder

    @Test
    void aColdWalkOfAFirstStageIsToldFromTheRootTableToTheByte() {
        long tree = firstStage();
        lab.mapFirst(tree, IOVA, HOME, PAGE);
        var walk = lab.explain(PASID, IOVA + 8, READ);
        assertThat(names(walk))
                .containsExactly(
                        "Root entry",
                        "Context entry",
                        "PASID directory entry",
                        "PASID table entry",
                        "IOTLB probe",
                        "Level 4",
                        "Level 3",
                        "Level 2",
                        "Level 1",
                        "Read from System RAM");
        assertThat(walk.reads()).isEqualTo(8);
        assertThat(cycles(walk)).as("cycles of all steps").isEqualTo(walk.cycles());
        assertThat(walk.addressBits()).isEqualTo(48);
        assertThat(walk.domain()).isEqualTo(7);
        var pasid = walk.steps().get(3);
        assertThat(pasid.raw()).as("512 bits").hasSize(8);
        assertThat(pasid.index()).isEqualTo(PASID & 63);
        assertThat(pasid.entryHpa()).isEqualTo(lab.pasidEntry(DEVICE, PASID));
        assertThat(walk.steps().get(8).finding()).contains("hardware makes it");
    }

    @Test
    void theFieldThatStoppedTheRequestIsPointedOut() {
        long tree = firstStage();
        lab.mapFirst(tree, IOVA, HOME, P | RW);
        var walk = lab.explain(PASID, IOVA, READ);
        assertThat(walk.outcome()).isInstanceOf(Walk.Outcome.Faulted.class);
        var faulted = (Walk.Outcome.Faulted) walk.outcome();
        assertThat(faulted.reason()).isEqualTo(VtdFault.NOT_FOR_USERS);
        assertThat(offending(walk.steps().get(faulted.step()))).containsExactly("U/S");
    }

    @Test
    void aClearedEnableIsPointedOutInTheContextEntry() {
        lab.attach(DEVICE, 0);
        var walk = lab.explain(PASID, IOVA, READ);
        var faulted = (Walk.Outcome.Faulted) walk.outcome();
        var step = walk.steps().get(faulted.step());
        assertThat(step.kind()).isEqualTo(Kind.DEVICE_ENTRY);
        assertThat(offending(step)).containsExactly("PASIDE");
    }

    private static List<String> offending(Walk.Step step) {
        return step.fields().stream()
                .filter(field -> field.role() == Field.Role.OFFENDING)
                .map(Field::name)
                .toList();
    }

    @Test
    void aSecondRequestIsServedByThePasidCacheAndTheIotlb() {
        long tree = firstStage();
        lab.mapFirst(tree, IOVA, HOME, PAGE);
        lab.ask(PASID, IOVA, READ);
        var walk = lab.explain(PASID, IOVA + 4, READ);
        assertThat(walk.reads()).isZero();
        assertThat(walk.steps().stream().map(Walk.Step::givenBy))
                .containsExactly(
                        GivenBy.SAVED,
                        GivenBy.SAVED,
                        GivenBy.SAVED,
                        GivenBy.PASID_CACHE,
                        GivenBy.IOTLB,
                        GivenBy.NOBODY);
        assertThat(cycles(walk)).isEqualTo(walk.cycles());
        var cached = walk.steps().get(3);
        assertThat(cached.raw().get(2)).isEqualTo(tree);
    }

    @Test
    void aRequestWithoutPasidShowsTheEntryThatRidPasidNames() {
        lab.attach(DEVICE, 0);
        long tree = lab.table();
        lab.secondStage(DEVICE, ScalableBench.RID_PASID, 7, tree, 4, 0);
        lab.mapSecond(tree, IOVA, HOME, R);
        var walk = lab.explain(NONE, IOVA, READ);
        assertThat(walk.steps().get(3).detail()).isEqualTo("PASID 0x9");
        assertThat(walk.outcome()).isInstanceOf(Walk.Outcome.Reached.class);
        assertThat(names(walk)).contains("Level 4", "Level 1");
    }

    // ---- the grid

    @Test
    void aNestedWalkFillsAGridOfFiveByFiveLessTheFinalAddress() {
        nested();
        for (var kind :
                List.of(
                        CacheKind.NESTED,
                        CacheKind.NESTED_PAGING,
                        CacheKind.PAGING_STRUCTURE,
                        CacheKind.IOTLB)) {
            lab.unit.reshape(kind, CacheGeometry.OFF);
        }
        lab.ask(PASID, IOVA, READ);
        var walk = lab.explain(PASID, IOVA, READ);
        var cells =
                walk.steps().stream()
                        .map(Walk.Step::cell)
                        .filter(c -> !c.equals(Cell.NONE))
                        .toList();
        assertThat(cells).hasSize(24).doesNotHaveDuplicates();
        assertThat(cells.getFirst()).isEqualTo(new Cell(4, 4));
        assertThat(cells.get(4)).as("the level 4 entry itself").isEqualTo(new Cell(4, 0));
        assertThat(cells.getLast()).isEqualTo(new Cell(0, 1));
        assertThat(cycles(walk)).isEqualTo(walk.cycles());
    }

    @Test
    void theNestedCacheSparesMostOfTheGrid() {
        nested();
        lab.ask(PASID, IOVA, READ);
        lab.invalidate(InvalidationDescriptor.pasidIotlb(7, PASID));
        var walk = lab.explain(PASID, IOVA, READ);
        assertThat(walk.reads()).as("the four first-stage entries").isEqualTo(4);
        assertThat(walk.steps().stream().filter(s -> s.givenBy() == GivenBy.NESTED_CACHE))
                .hasSize(5);
        assertThat(cycles(walk)).isEqualTo(walk.cycles());
    }

    // ---- stale

    @Test
    void anEntryChangedWithoutInvalidationIsShownStaleInEveryCacheThatHasIt() {
        long tree = firstStage();
        long leaf = lab.mapFirst(tree, IOVA, HOME, PAGE);
        lab.ask(PASID, IOVA, READ);
        assertThat(staleIn()).isEmpty();
        lab.memory.write64(leaf, HOME + 0x1000 | PAGE);
        assertThat(staleIn()).containsExactly(CacheKind.IOTLB);
        assertThat(lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
        assertThat(lab.unit.lastWasStale()).isTrue();
        long entry = lab.pasidEntry(DEVICE, PASID);
        lab.memory.write64(entry + 16, lab.table());
        assertThat(staleIn())
                .contains(CacheKind.PASID_ENTRY, CacheKind.IOTLB, CacheKind.PAGING_STRUCTURE);
        lab.memory.write64(lab.contextEntry(DEVICE), 0);
        assertThat(staleIn()).contains(CacheKind.DEVICE_ENTRY);
        lab.forgetEverything();
        assertThat(staleIn()).isEmpty();
    }

    @Test
    void aChangedSecondStageIsShownStaleInTheNestedCaches() {
        nested();
        lab.ask(PASID, IOVA, WRITE);
        assertThat(staleIn()).isEmpty();
        lab.mapSecond(second, 0x7000, HOME + 0x1000, R | W);
        assertThat(staleIn()).containsExactlyInAnyOrder(CacheKind.IOTLB, CacheKind.NESTED);
        lab.memory.write64(ScalableBench.slot(second, 4, 0x7000), 0);
        assertThat(staleIn()).contains(CacheKind.NESTED_PAGING);
        lab.invalidate(InvalidationDescriptor.iotlbDomain(7));
        assertThat(staleIn()).isEmpty();
    }

    private List<CacheKind> staleIn() {
        return lab.unit.cacheSnapshots().stream()
                .filter(cache -> cache.lines().stream().anyMatch(l -> l.stale().isPresent()))
                .map(CacheSnapshot::kind)
                .distinct()
                .toList();
    }
}
