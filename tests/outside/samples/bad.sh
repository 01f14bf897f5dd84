#!/bin/sh
rm -rf "$FOLDER/"*
