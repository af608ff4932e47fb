"""Formats of files: texts, pictures, clouds, in the order in which they are named."""

from headlight.viewer.registry import REGISTRY, Reader

_PICTURES, _CLOUDS = ".inputs.pictures.decoding", ".inputs.clouds"
_COARSE = f"{_CLOUDS}.coarse"
_RECORDED = ".inputs.recorded"
_PILLOW, _TIFF = f"{_PICTURES}:by_pillow", (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_CODECS, _FLAT, _RENDERED = (f".inputs.pictures.{one}" for one in ("codecs", "flattened", "rendered"))
_JPEG_XL = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
_J2K = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
_NETPBM = ("ppm", "pgm", "pbm", "pnm", "pam", "pfm")
_PROSE = ("txt", "md", "markdown", "text", "rst", "html", "json", "")
_TABLES = ("xyz", "pts", "csv", "txt", "asc", "xyzrgb", "xyzn", "neu", "tsv", "dat")


def _picture(
    id: str,
    name: str,
    endings: tuple[str, ...],
    magic: tuple[bytes, ...] | str,
    read: str = _PILLOW,
    apart: bool = True,
) -> Reader:
    return Reader(id, "image", f"{name} image", endings, read, magic, binary=True, names=(name,), apart=apart)


def _drawn(id: str, name: str, what: str, magic: tuple[bytes, ...] | str, read: str) -> Reader:
    """What is drawn before it is a picture."""
    return Reader(id, "image", f"{name} {what}", (id,), read, magic, names=(name,), apart=True)


def _cloud(
    id: str, endings: tuple[str, ...], module: str, magic: tuple[bytes, ...] | str = "", **more
) -> Reader:
    """A format that has its own name; without a `magic` its module tells it."""
    magic = magic or f"{_CLOUDS}.{module}:is_{id}"
    read = f"{_CLOUDS}.{module}:read_{id}"
    return Reader(id, "points", f"{id.upper()} file", endings, read, magic, names=(id.upper(),), **more)


_CLOUD_OR_MESH, _MESH = ("point clouds", "meshes"), ("meshes",)

REGISTRY.add(
    Reader("text", "text", "text", _PROSE, ".inputs.texts:read"),
    _picture("png", "PNG", ("png",), (b"\x89PNG\r\n\x1a\n",), apart=False),
    _picture("jpeg", "JPEG", ("jpg", "jpeg"), (b"\xff\xd8\xff",), apart=False),
    _picture("webp", "WebP", ("webp",), f"{_PICTURES}:is_webp", apart=False),
    _picture("avif", "AVIF", ("avif",), f"{_PICTURES}:is_avif"),
    _picture("bmp", "BMP", ("bmp",), (b"BM",), apart=False),
    _picture("tiff", "TIFF", ("tif", "tiff"), _TIFF, f"{_PICTURES}:by_tifffile"),
    _picture("gif", "GIF", ("gif",), (b"GIF87a", b"GIF89a"), apart=False),
    _picture("heic", "HEIC", ("heic", "heif", "hif"), f"{_RENDERED}:is_heic", f"{_RENDERED}:by_heif"),
    _picture("jxl", "JPEG XL", ("jxl",), _JPEG_XL, f"{_CODECS}:by_jpegxl"),
    _picture("jpeg2000", "JPEG 2000", ("jp2", "j2k", "jpx", "jpf", "j2c"), _J2K, f"{_CODECS}:by_jpeg2000"),
    _picture("psd", "Photoshop", ("psd",), (b"8BPS",), f"{_FLAT}:by_photoshop"),
    _drawn("svg", "SVG", "drawing", f"{_RENDERED}:is_svg", f"{_RENDERED}:by_resvg")._replace(
        endings=("svg", "svgz")
    ),
    _drawn("pdf", "PDF", "document", (b"%PDF-",), f"{_RENDERED}:by_pdfium"),
    *(
        _picture(id, name, endings, magic)._replace(names=())  # that few people look for
        for id, name, endings, magic in (
            ("ico", "icon", ("ico",), (b"\0\0\1\0",)),
            ("pcx", "PCX", ("pcx",), (b"\n\5\1", b"\n\3\1")),
            ("sgi", "SGI", ("sgi", "rgb", "bw"), (b"\1\xda",)),
            ("qoi", "QOI", ("qoi",), (b"qoif",)),
            ("dds", "DDS", ("dds",), (b"DDS ",)),
            ("tga", "TGA", ("tga",), ()),
        )
    ),
    _picture("pnm", "Netpbm", _NETPBM, f"{_FLAT}:is_pnm", f"{_FLAT}:by_pnm", apart=False)._replace(
        binary=False, names=()
    ),
    Reader(
        *("numpy", "image", "NumPy image", ("npy",), f"{_PICTURES}:by_numpy", f"{_PICTURES}:is_plane"),
        binary=True,
    ),
    _cloud("ply", ("ply",), "ply", holds=_CLOUD_OR_MESH, coarse=f"{_COARSE}:of_ply"),
    _cloud("pcd", ("pcd",), "pcd", coarse=f"{_COARSE}:of_pcd"),
    Reader(
        "table",
        "points",
        "table of points",
        _TABLES,
        f"{_CLOUDS}.tables.told:read",
        f"{_CLOUDS}.tables.told:is_table",
        guess=True,
        columns=True,
        coarse=f"{_COARSE}:of_table",
        names=("XYZ", "PTS", "CSV"),
    ),
    Reader(
        *("grid", "points", "grid of heights", ("asc", "grd"), f"{_CLOUDS}.tables.grids:read_grid"),
        f"{_CLOUDS}.tables.grids:is_grid",
    ),
    _cloud("npy", ("npy",), "arrays", (b"\x93NUMPY",), binary=True, coarse=f"{_COARSE}:of_npy"),
    Reader(
        *("recorded", "recorded-text", "recorded trace", ("npz",)),
        f"{_RECORDED}.opening:opened",
        f"{_RECORDED}.format:is_trace",
        binary=True,
        holds=("recorded traces",),
    ),
    Reader(
        *("npz", "points", "NPZ archive", ("npz",), f"{_CLOUDS}.arrays:read_npz", f"{_CLOUDS}.arrays:is_npz"),
        binary=True,
        names=("NPZ",),
    ),
    _cloud("las", ("las",), "las", binary=True, coarse=f"{_COARSE}:of_las"),
    _cloud("laz", ("laz",), "las", binary=True, coarse=f"{_COARSE}:of_laz"),
    _cloud("e57", ("e57",), "e57", (b"ASTM-E57",), binary=True, coarse=f"{_COARSE}:of_e57"),
    _cloud("obj", ("obj",), "meshes.surfaces", holds=_MESH, coarse=f"{_COARSE}:of_obj"),
    _cloud("stl", ("stl",), "meshes.surfaces", holds=_MESH, coarse=f"{_COARSE}:of_stl"),
    _cloud("off", ("off",), "meshes.surfaces", holds=_MESH),
    _cloud("glb", ("glb",), "meshes.scenes", binary=True, holds=_MESH),
    _cloud("gltf", ("gltf",), "meshes.scenes", holds=_MESH)._replace(names=()),
    Reader(
        "ptx",
        "points",
        "PTX file",
        ("ptx",),
        f"{_CLOUDS}.scanners.ptx:read_ptx",
        f"{_CLOUDS}.scanners.ptx:is_ptx",
    ),
    Reader(
        "colmap",
        "points",
        "COLMAP model",
        ("bin", "txt"),
        f"{_CLOUDS}.colmap:read_colmap",
        f"{_CLOUDS}.colmap:is_colmap",
    ),
    Reader(
        *(
            "scan",
            "points",
            "scan",
            ("bin",),
            f"{_CLOUDS}.scanners.cars:read_scan",
            f"{_CLOUDS}.scanners.cars:is_scan",
        ),
        guess=True,
        binary=True,
    ),
    _cloud("splat", ("splat",), "splats", binary=True)._replace(names=()),
    _cloud("spz", ("spz",), "splats", binary=True)._replace(names=()),
    Reader(
        *("gzip", "points", "gzip archive", ("gz",), f"{_CLOUDS}.gz:read_gzip", f"{_CLOUDS}.gz:is_gzip"),
        binary=True,
    ),
    Reader(
        *("room", "points", "room", (), f"{_CLOUDS}.room:read_room"),
        folder=f"{_CLOUDS}.room:folder_of",
    ),
)
