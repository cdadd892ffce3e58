package iommulab.app.topology;

import iommulab.app.topology.FabricLayout.Sized;

import java.util.ArrayList;
import java.util.List;

/// Parts of a root bus that stand in one row: devices side by side, a bridge alone.
record FlowRow(List<Sized> parts, double width, double height) {

    private static FlowRow of(List<Sized> parts, double link) {
        double width = parts.stream().mapToDouble(Sized::width).sum();
        double height = parts.stream().mapToDouble(Sized::height).max().orElse(0);
        boolean several = parts.size() > 1;
        return new FlowRow(
                List.copyOf(parts),
                width + link * (parts.size() - 1),
                several ? height + 8 : height);
    }

    /// @param width that a row may take
    /// @param link room between two devices
    static List<FlowRow> of(List<Sized> parts, double width, double link) {
        var rows = new ArrayList<FlowRow>();
        var row = new ArrayList<Sized>();
        double used = 0;
        for (var part : parts) {
            boolean fits = part.isLeaf() && used + part.width() <= width + 1;
            if (!row.isEmpty() && (!fits || !row.getLast().isLeaf())) {
                rows.add(of(row, link));
                row.clear();
                used = 0;
            }
            row.add(part);
            used += part.width() + link;
        }
        if (!row.isEmpty()) {
            rows.add(of(row, link));
        }
        return rows;
    }
}
