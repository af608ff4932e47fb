"""OpenGL 2.1 as a point cloud needs it: programs, buffers and pictures to draw into, over vispy's bindings.

vispy's own Program takes no normalised bytes for an attribute, and its application layer brings a message
handler and an event loop of its own; so only `vispy.gloo.gl` is used. All calls need a current context.
"""

from __future__ import annotations

import numpy as np
from vispy.gloo import gl

_POINT_SIZE_IN_SHADER, _POINT_SPRITE, _DEPTH_24, _RGBA_8 = 34370, 34913, 33190, 32856
_KINDS = {np.dtype(np.float32): (gl.GL_FLOAT, False), np.dtype(np.uint8): (gl.GL_UNSIGNED_BYTE, True)}


class GraphicsError(RuntimeError):
    """This machine's OpenGL cannot do what is needed."""


def prepare() -> None:
    """Once for each context: shaders give points their size and see where in the point they are."""
    gl.glEnable(_POINT_SIZE_IN_SHADER)
    gl.glEnable(_POINT_SPRITE)


def largest_side() -> int:
    """Pixels of the largest texture, each way."""
    return int(gl.glGetParameter(gl.GL_MAX_TEXTURE_SIZE))


class Buffer:
    """Rows on the graphics card: float32 (n, d), or uint8 (n, d) that shaders read as 0 to 1."""

    def __init__(self) -> None:
        self.handle = gl.glCreateBuffer()
        self.rows = 0
        self._layout = (1, gl.GL_FLOAT, False, 4)

    def set(self, array: np.ndarray, changing: bool = False) -> None:
        """Replace all rows. changing: this will be done often."""
        array = np.ascontiguousarray(array)
        kind, normalised = _KINDS[array.dtype]
        self._layout = (array.shape[1], kind, normalised, array.strides[0])
        self.rows = len(array)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self.handle)
        usage = gl.GL_DYNAMIC_DRAW if changing else gl.GL_STATIC_DRAW
        gl.glBufferData(gl.GL_ARRAY_BUFFER, array if len(array) else 4, usage)

    def bind(self, place: int) -> None:
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self.handle)
        gl.glEnableVertexAttribArray(place)
        gl.glVertexAttribPointer(place, *self._layout, 0)

    def delete(self) -> None:
        gl.glDeleteBuffer(self.handle)


class Program:
    """A vertex and a fragment shader (GLSL 1.20). GraphicsError where they do not compile."""

    def __init__(self, vertex: str, fragment: str) -> None:
        self.handle = gl.glCreateProgram()
        self._places: dict[str, int] = {}
        for kind, source in ((gl.GL_VERTEX_SHADER, vertex), (gl.GL_FRAGMENT_SHADER, fragment)):
            shader = gl.glCreateShader(kind)
            gl.glShaderSource(shader, "#version 120\n" + source)
            gl.glCompileShader(shader)
            if not gl.glGetShaderParameter(shader, gl.GL_COMPILE_STATUS):
                raise GraphicsError(gl.glGetShaderInfoLog(shader))
            gl.glAttachShader(self.handle, shader)
            gl.glDeleteShader(shader)  # it goes with the program
        gl.glLinkProgram(self.handle)
        if not gl.glGetProgramParameter(self.handle, gl.GL_LINK_STATUS):
            raise GraphicsError(gl.glGetProgramInfoLog(self.handle))

    def use(self, **uniforms: float | int | tuple | np.ndarray | Texture) -> None:
        """Draw with this. A number, a tuple of 2 to 4, a matrix (4, 4) or a texture for each uniform."""
        gl.glUseProgram(self.handle)
        units = 0
        for name, value in uniforms.items():
            place = self._place(name, gl.glGetUniformLocation)
            if isinstance(value, Texture):
                gl.glActiveTexture(gl.GL_TEXTURE0 + units)
                gl.glBindTexture(gl.GL_TEXTURE_2D, value.handle)
                gl.glUniform1i(place, units)
                units += 1
            elif isinstance(value, np.ndarray):
                gl.glUniformMatrix4fv(place, 1, False, np.ascontiguousarray(value.T, np.float32))
            elif isinstance(value, tuple):
                (gl.glUniform2f, gl.glUniform3f, gl.glUniform4f)[len(value) - 2](place, *value)
            else:
                gl.glUniform1f(place, value)

    def draw(self, mode: int, first: int, count: int, **buffers: Buffer) -> None:
        """Draw `count` rows from row `first` on of the buffers, one for each attribute."""
        places = [self._place(name, gl.glGetAttribLocation) for name in buffers]
        for place, buffer in zip(places, buffers.values(), strict=True):
            buffer.bind(place)
        gl.glDrawArrays(mode, first, count)
        for place in places:
            gl.glDisableVertexAttribArray(place)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, 0)

    def _place(self, name: str, find) -> int:
        if name not in self._places:
            self._places[name] = find(self.handle, name)
        return self._places[name]


class Texture:
    """A picture that shaders read pixel by pixel: colour, or depth of 24 bits."""

    def __init__(self, depth: bool = False) -> None:
        self.handle = gl.glCreateTexture()
        self._depth = depth
        gl.glBindTexture(gl.GL_TEXTURE_2D, self.handle)
        for name in (gl.GL_TEXTURE_MIN_FILTER, gl.GL_TEXTURE_MAG_FILTER):
            gl.glTexParameteri(gl.GL_TEXTURE_2D, name, gl.GL_NEAREST)
        for name in (gl.GL_TEXTURE_WRAP_S, gl.GL_TEXTURE_WRAP_T):
            gl.glTexParameteri(gl.GL_TEXTURE_2D, name, gl.GL_CLAMP_TO_EDGE)

    def resize(self, width: int, height: int) -> None:
        layout = (
            (_DEPTH_24, gl.GL_DEPTH_COMPONENT, gl.GL_UNSIGNED_INT)
            if self._depth
            else (_RGBA_8, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE)
        )
        gl.glBindTexture(gl.GL_TEXTURE_2D, self.handle)
        gl.glTexImage2D(gl.GL_TEXTURE_2D, 0, *layout, (height, width))


class Target:
    """A picture of colour, and of depth unless it is `flat`, to draw into; what was drawn stays until it is
    cleared."""

    def __init__(self, flat: bool = False) -> None:
        self.size = (0, 0)
        self.colour, self.depth = Texture(), None if flat else Texture(depth=True)
        self._handle = gl.glCreateFramebuffer()

    def resize(self, width: int, height: int) -> None:
        if self.size == (width, height):
            return
        self.size = (width, height)
        parts = {gl.GL_COLOR_ATTACHMENT0: self.colour, gl.GL_DEPTH_ATTACHMENT: self.depth}
        for part, texture in parts.items():
            if texture is None:
                continue
            texture.resize(width, height)
            gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._handle)
            gl.glFramebufferTexture2D(gl.GL_FRAMEBUFFER, part, gl.GL_TEXTURE_2D, texture.handle, 0)
        if gl.glCheckFramebufferStatus(gl.GL_FRAMEBUFFER) != gl.GL_FRAMEBUFFER_COMPLETE:
            raise GraphicsError("this OpenGL draws no depth into a texture")

    def bind(self) -> None:
        """Draw over all of this from now on."""
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._handle)
        gl.glViewport(0, 0, *self.size)
        gl.glDisable(gl.GL_BLEND)
        gl.glDisable(gl.GL_DEPTH_TEST)

    def read(self) -> bytes:
        """Four bytes a pixel, from the row at y = -1 on, once all is drawn."""
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._handle)
        return gl.glReadPixels(0, 0, *self.size, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE)

    def begin(self, clear: bool) -> None:
        """Draw into this from now on, nearer points over farther ones."""
        self.bind()
        gl.glEnable(gl.GL_DEPTH_TEST)
        gl.glDepthFunc(gl.GL_LEQUAL)
        gl.glDepthMask(True)
        if clear:
            gl.glClearColor(0, 0, 0, 0)
            gl.glClear(gl.GL_COLOR_BUFFER_BIT | gl.GL_DEPTH_BUFFER_BIT)
