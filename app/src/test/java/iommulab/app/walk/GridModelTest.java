package iommulab.app.walk;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.NestedMachine;
import iommulab.engine.session.Architecture;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.List;

/// The grid of nested walks, whatever the number of levels and the size of pages.
class GridModelTest {
    private static GridModel grid(Architecture architecture, int levels) {
        try (var session = NestedMachine.of(architecture, levels)) {
            return GridModel.of(session.explain(NestedMachine.question(false)).join())
                    .orElseThrow();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"VTD_SCALABLE", "RISCV"})
    void fiveLevelsBehindFiveGiveAFullGrid(Architecture architecture) {
        var grid = grid(architecture, 5);
        assertThat(grid.columns()).containsExactly(5, 4, 3, 2, 1);
        var tables = grid.rows().stream().filter(r -> r.number() >= 1 && r.number() <= 5).toList();
        assertThat(tables.stream().map(r -> r.number())).containsExactly(5, 4, 3, 2, 1);
        assertThat(tables).allSatisfy(row -> assertThat(row.cells()).hasSize(6));
        var page = grid.rows().getLast();
        assertThat(page.number()).as("the last row").isZero();
        assertThat(page.cells()).hasSize(5);
    }

    @ParameterizedTest
    @CsvSource({"14, 11", "16, 13", "12, 9"})
    void levelsAreCountedFromTheSmallestPagesInEveryGranule(int pageShift, int indexBits) {
        for (int level : List.of(1, 2, 3)) {
            int low = pageShift + indexBits * (level - 1);
            assertThat(Levels.level(low)).as("level of an index from bit %d", low).isEqualTo(level);
        }
    }

    @Test
    void aWalkThroughOneStageHasNoGrid() {
        assertThat(GridModel.of(SampleWalk.reaching())).isEmpty();
    }
}
