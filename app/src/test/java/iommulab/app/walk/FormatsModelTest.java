package iommulab.app.walk;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.NestedMachine;
import iommulab.app.shell.Naming;
import iommulab.engine.iommu.Walk;
import iommulab.engine.session.Architecture;

import org.junit.jupiter.api.Test;

import java.util.EnumMap;
import java.util.List;

/// The same request on every architecture, row by row.
class FormatsModelTest {
    private static final String REFUSED = "In legacy mode VT-d has no first stage.";

    private static FormatsModel nested(int step) {
        var told = new EnumMap<Architecture, FormatsModel.Told>(Architecture.class);
        told.put(Architecture.VTD_LEGACY, new FormatsModel.Told.Refused(REFUSED));
        for (var architecture : List.of(Architecture.AMD_VI, Architecture.SMMUV3)) {
            told.put(architecture, new FormatsModel.Told.Answer(walk(architecture)));
        }
        return FormatsModel.of(told, "SMMUv3", walk(Architecture.SMMUV3), step, Naming.BOTH);
    }

    private static Walk walk(Architecture architecture) {
        try (var session = NestedMachine.of(architecture)) {
            return session.explain(NestedMachine.question(false)).join();
        }
    }

    @Test
    void entriesWithTheSamePurposeStandInOneRowWhateverTheirVendorsCallThem() {
        var model = nested(0);
        assertThat(model.rows().stream().map(FormatsModel.Row::name))
                .containsSubsequence(
                        "Device entry", "Level 4", "Level 3", "Level 2", "Level 1", "Answer");
        var device = model.rows().stream().filter(r -> r.name().equals("Device entry")).findFirst();
        assertThat(device.orElseThrow().cells().getFirst()).as("VT-d's cell").isEmpty();
        assertThat(names(model, device.orElseThrow()))
                .containsExactly("Device table entry", "Stream table entry");
    }

    @Test
    void whatTheSecondStageReadForAnEntryIsCountedInItsCell() {
        var model = nested(0);
        var level = model.rows().stream().filter(r -> r.name().equals("Level 1")).findFirst();
        assertThat(level.orElseThrow().cells().stream().flatMap(c -> c.stream()))
                .extracting(FormatsModel.Cell::more)
                .containsExactly("behind 4 of stage 2", "behind 4 of stage 2");
    }

    @Test
    void theOwnArchitectureIsMarkedAndARefusalStandsWhereTheCostWould() {
        var columns = nested(0).columns();
        assertThat(columns.stream().filter(FormatsModel.Column::own))
                .extracting(FormatsModel.Column::architecture)
                .containsExactly(Architecture.SMMUV3);
        assertThat(columns.getFirst().cost()).isEqualTo(REFUSED);
        assertThat(columns.getFirst().refused()).isTrue();
    }

    @Test
    void theFindingSaysThatTheyAgree() {
        assertThat(nested(0).finding())
                .matches("All 2 reach [0-9a-f]+, in .* reads without caches.");
    }

    @Test
    void theCurrentStepIsInTheRowOfTheEntryThatItBelongsTo() {
        var model = nested(Integer.MAX_VALUE);
        assertThat(model.current()).as("past the end").isEqualTo(-1);
        var own = walk(Architecture.SMMUV3);
        var last = nested(own.steps().size() - 1);
        assertThat(last.rows().get(last.current()).name()).isEqualTo("Answer");
        assertThat(last.stepIn(own, last.current())).hasValue(own.steps().size() - 1);
    }

    private static List<String> names(FormatsModel model, FormatsModel.Row row) {
        return row.cells().stream()
                .flatMap(c -> c.stream())
                .map(c -> model.rungs().get(c.number()).name())
                .toList();
    }
}
