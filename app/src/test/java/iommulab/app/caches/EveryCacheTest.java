package iommulab.app.caches;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.NestedMachine;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.session.Architecture;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.EnumSet;
import java.util.stream.Stream;

/// No cache of a unit is left out of the Caches perspective.
class EveryCacheTest {
    @ParameterizedTest
    @EnumSource(names = "VTD_LEGACY", mode = EnumSource.Mode.EXCLUDE)
    void everyCacheHasItsGrid(Architecture architecture) {
        try (var session = NestedMachine.of(architecture)) {
            session.submit(NestedMachine.readOfTheNeighbour()).join();
            var unit = session.newest().units().getFirst();
            var model = CachesModel.of(unit, new Subject.Nothing());
            var shown =
                    Stream.of(
                                    model.iotlb().stream(),
                                    model.context().stream(),
                                    model.pasids().stream(),
                                    model.nested().stream(),
                                    model.paging().stream(),
                                    model.nestedPaging().stream(),
                                    model.deviceTlbs().stream())
                            .flatMap(s -> s)
                            .map(GridModel::cache);
            assertThat(shown).containsExactlyInAnyOrderElementsOf(unit.cachesAndDeviceTlbs());
            assertThat(unit.caches().stream().map(c -> c.kind()))
                    .containsAll(EnumSet.of(CacheKind.PASID_ENTRY, CacheKind.NESTED));
        }
    }

    @Test
    void cachesOfPasidsAndSecondStagesStandBelowTheOthers() {
        try (var lab = LiveLab.on(NestedMachine.of(Architecture.SMMUV3))) {
            lab.opens(Perspective.CACHES);
            assertThat(lab.robot().sees("#cache-pasids")).isTrue();
            assertThat(lab.robot().sees("#cache-nested")).isTrue();
        }
    }
}
