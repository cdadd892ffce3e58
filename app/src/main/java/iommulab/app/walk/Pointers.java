package iommulab.app.walk;

import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Step;

import java.util.OptionalLong;

/// The addresses that entries point to. Pure.
final class Pointers {
    private static final int PAGE_SHIFT = 12;

    private Pointers() {}

    /// The address in a field that points. Most stand where they count; a page number of RISC-V (`PPN`)
    /// stands two bits lower in a table entry, and at bit 0 in a register.
    static long address(Field field) {
        if (field.name().startsWith("PPN")) {
            return field.value() << (field.low() == 0 ? PAGE_SHIFT : field.low() + 2);
        }
        return field.value() << field.low();
    }

    /// The guest-physical address of the page that the first stage of a nested walk ends at, with the
    /// offset of the request.
    static OptionalLong page(Walk walk) {
        var leaf =
                walk.steps().stream()
                        .filter(s -> s.kind() == Walk.Kind.LEAF_ENTRY)
                        .filter(s -> s.cell().column() == 0 && s.indexLow() >= 0)
                        .findFirst();
        if (leaf.isEmpty()) {
            return OptionalLong.empty();
        }
        long within = (1L << leaf.get().indexLow()) - 1;
        long gpa = pointer(leaf.get()) & ~within | walk.iova() & within;
        for (var step : walk.steps()) {
            if (step.cell().row() == 0 && step.indexSource() == Walk.IndexSource.GPA) {
                gpa = with(gpa, step);
            }
        }
        return OptionalLong.of(gpa);
    }

    /// What the second stage was indexed with counts: pages of several entries leave low bits to the iova.
    private static long with(long gpa, Step step) {
        if (step.indexLow() < 0) {
            return gpa;
        }
        long mask = (1L << step.indexHigh() - step.indexLow() + 1) - 1;
        return gpa & ~(mask << step.indexLow()) | (long) step.index() << step.indexLow();
    }

    private static long pointer(Step step) {
        return step.fields().stream()
                .filter(f -> f.role() == Field.Role.POINTER)
                .mapToLong(Pointers::address)
                .findFirst()
                .orElse(0);
    }
}
