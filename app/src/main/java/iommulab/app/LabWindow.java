package iommulab.app;

import iommulab.app.caches.CachesPanel;
import iommulab.app.console.ConsolePanel;
import iommulab.app.domains.DomainsPanel;
import iommulab.app.faults.FaultsPanel;
import iommulab.app.groups.GroupsPanel;
import iommulab.app.inspector.InspectorPanel;
import iommulab.app.invalidation.InvalidationPanel;
import iommulab.app.memory.MemoryPanel;
import iommulab.app.ownership.OwnershipPanel;
import iommulab.app.pasids.PasidsPanel;
import iommulab.app.shell.Bench;
import iommulab.app.shell.DrawerTab;
import iommulab.app.shell.MainWindow;
import iommulab.app.shell.Panel;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.WindowAction;
import iommulab.app.software.SoftwarePanel;
import iommulab.app.timeline.ListTab;
import iommulab.app.timeline.TimelinePanel;
import iommulab.app.timeline.TranscriptPanel;
import iommulab.app.topology.MachinePanel;
import iommulab.app.traffic.TrafficPanel;
import iommulab.app.walk.WalkPanel;

import java.util.EnumMap;
import java.util.List;

/// Puts the window together: the only place that names every panel.
public final class LabWindow {
    private LabWindow() {}

    /// The whole window around a bench.
    ///
    /// @param more actions of the program around the window, such as opening a file
    public static MainWindow around(Bench bench, List<WindowAction> more) {
        var panels = new EnumMap<Perspective, Panel>(Perspective.class);
        panels.put(Perspective.MACHINE, new MachinePanel(bench));
        panels.put(Perspective.GROUPS, new GroupsPanel(bench));
        panels.put(Perspective.DOMAINS, new DomainsPanel(bench));
        panels.put(Perspective.WALK, new WalkPanel(bench));
        panels.put(Perspective.CACHES, new CachesPanel(bench));
        panels.put(Perspective.TRAFFIC, new TrafficPanel(bench));
        panels.put(Perspective.FAULTS, new FaultsPanel(bench));
        panels.put(Perspective.MEMORY, new MemoryPanel(bench));
        panels.put(Perspective.PASIDS, new PasidsPanel(bench));
        panels.put(Perspective.SOFTWARE, new SoftwarePanel(bench));
        panels.put(Perspective.OWNERSHIP, new OwnershipPanel(bench));
        return new MainWindow(bench, panels, new InspectorPanel(bench), drawer(bench), more);
    }

    private static List<DrawerTab> drawer(Bench bench) {
        return List.of(
                DrawerTab.of("Timeline", new TimelinePanel(bench)),
                DrawerTab.of("Transcript", new TranscriptPanel(bench)),
                DrawerTab.of("Events", ListTab.events(bench)),
                new DrawerTab(
                        "Faults", ListTab.faults(bench), machine -> machine.counters().faults()),
                DrawerTab.of("Console", new ConsolePanel(bench)),
                DrawerTab.of(MainWindow.INVALIDATION, new InvalidationPanel(bench)));
    }
}
