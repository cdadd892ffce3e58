package iommulab.app;

import iommulab.engine.pci.RequesterId;

/// The program's front door.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        new RequesterId(0);
    }
}
