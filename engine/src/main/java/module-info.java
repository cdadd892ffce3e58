/// The engine: a whole machine (PCI functions, memory, IOMMUs, the operating system's view) that
/// executes DMA. Knows no screen.
@org.jspecify.annotations.NullMarked
module iommulab.engine {
    requires static transitive org.jspecify;
    requires com.google.gson;
    requires org.apache.commons.compress;

    exports iommulab.engine;
    exports iommulab.engine.pci;
    exports iommulab.engine.memory;
    exports iommulab.engine.ats;
    exports iommulab.engine.cache;
    exports iommulab.engine.iommu;
    exports iommulab.engine.iommu.builder;
    exports iommulab.engine.iommu.smmuv3;
    exports iommulab.engine.iommu.riscv;
    exports iommulab.engine.iommu.selftest;
    exports iommulab.engine.iommu.vtd;
    exports iommulab.engine.iommu.amdvi;
    exports iommulab.engine.firmware;
    exports iommulab.engine.group;
    exports iommulab.engine.os;
    exports iommulab.engine.os.call;
    exports iommulab.engine.os.device;
    exports iommulab.engine.os.guest;
    exports iommulab.engine.os.iommufd;
    exports iommulab.engine.os.kvm;
    exports iommulab.engine.os.process;
    exports iommulab.engine.os.state;
    exports iommulab.engine.os.sva;
    exports iommulab.engine.os.vfio;
    exports iommulab.engine.traffic;
    exports iommulab.engine.session;
    exports iommulab.engine.io;
    exports iommulab.engine.io.machine;
    exports iommulab.engine.io.oracle;
}
