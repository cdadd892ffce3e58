/// The window and the command line of IOMMU Lab. Holds no engine part: it reads snapshots and sends commands.
@org.jspecify.annotations.NullMarked
module iommulab.app {
    requires static org.jspecify;
    requires iommulab.engine;
    requires javafx.controls;
    requires javafx.swing;
    requires org.controlsfx.controls;
    requires atlantafx.base;
    requires org.kordamp.ikonli.javafx;
    requires org.kordamp.ikonli.core;
    requires org.kordamp.ikonli.feather;
    requires info.picocli;
    requires com.google.gson;

    opens iommulab.app.cli to
            info.picocli;

    exports iommulab.app to
            javafx.graphics;
}
