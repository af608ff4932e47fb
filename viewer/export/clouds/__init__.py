"""Exports of point clouds."""
